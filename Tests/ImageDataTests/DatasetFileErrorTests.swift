internal import Foundation
import Hosts
import ImageData
import TestSupport
import Testing

/// Files that cannot be used: each ends in an error that names the file.
@Suite struct DatasetFileErrorTests {
    private func openingError(_ path: String) -> DataError? {
        do throws(DataError) {
            _ = try DatasetFile.open(path: path)
            return nil
        } catch {
            return error
        }
    }

    private func pixels(_ path: String) throws -> [PixelImage] {
        let set = try IDXDataset(contentsOf: path)
        return try (0..<set.count).map { index in
            var image = PixelImage()
            try set.decode(index, .all, into: &image)
            return image
        }
    }

    @Test func otherKindsAreListed() throws {
        let folder = try ScratchFolder()
        let text = try folder.write(Array("hello".utf8), as: "images.txt")
        let empty = try folder.write([], as: "empty-images")
        for path in [text, empty] {
            let error = openingError(path)
            #expect(error?.kind == .unsupported && error?.path == path && error?.exitCode == 65)
            #expect(error?.detail.contains(".safetensors") == true && error?.detail.contains("IDX") == true)
        }
        let flat = openingError(folder.path)
        #expect(flat?.kind == .unsupported && flat?.detail.contains("no folder") == true)
        let missing = openingError(folder.path + "/missing-images")
        #expect(missing?.kind == .inputOutput && missing?.exitCode == 74)
        #expect(missing?.description.contains("No such file") == true)
    }

    @Test func labelsTakenForImages() throws {
        let error = openingError(fixture("small-labels-idx1-ubyte.gz"))
        #expect(error?.kind == .format && error?.detail.contains("00 00 08 01") == true)
    }

    @Test(arguments: [
        ([0, 0, 8], DataError.Kind.format),
        ([0, 0, 8, 3], .format),
        ([0, 0, 8, 3] + [UInt8](repeating: 0, count: 12), .format),
        ([0, 0, 8, 3] + [UInt8](repeating: 255, count: 12), .format),
        ([0, 0, 9, 3] + [UInt8](repeating: 1, count: 12), .unsupported),
        (idx([5, 3, 2], [UInt8](repeating: 0, count: 29)), .format),
        (idx([5, 3, 2], [UInt8](repeating: 0, count: 31)), .format),
        (idx([5, 3, 0], []), .format),
    ])
    func damagedImages(bytes: [UInt8], kind: DataError.Kind) throws {
        let folder = try ScratchFolder()
        let path = try folder.write(bytes, as: "x-images")
        try folder.write(idx([5], [0, 0, 0, 0, 0]), as: "x-labels")
        let error = openingError(path)
        #expect(error?.kind == kind && error?.path == path)
    }

    @Test(arguments: [
        (idx([4], [0, 0, 0, 0]), "4 labels for the 5 images"),
        (idx([6], [0, 0, 0, 0, 0, 0]), "6 labels for the 5 images"),
        (idx([5], [0, 0, 0, 0]), "cut off"), (idx([5], [0, 0, 0, 0, 0, 0]), "left over"),
        (idx([5, 1, 1], [0, 0, 0, 0, 0]), "00 00 08 01"), ([], "00 00 08 01"),
    ])
    func damagedLabels(bytes: [UInt8], problem: String) throws {
        let folder = try ScratchFolder()
        let path = try folder.write(
            idx([5, 3, 2], [UInt8](repeating: 0, count: 30)), as: "x-images-idx3-ubyte")
        let labels = try folder.write(bytes, as: "x-labels-idx1-ubyte")
        let error = openingError(path)
        #expect(error?.kind == .format && error?.path == labels)
        #expect(error?.detail.contains(problem) == true)
    }

    @Test func labelsAreFoundByName() throws {
        let folder = try ScratchFolder()
        let images = idx([5, 3, 2], [UInt8](repeating: 0, count: 30))
        let path = try folder.write(images, as: "x-images-idx3-ubyte")
        let missing = openingError(path)
        #expect(missing?.kind == .inputOutput)
        #expect(missing?.detail.contains("x-labels-idx1-ubyte.gz") == true)
        // Packed labels beside images that are not.
        try folder.write(contents(fixture("small-labels-idx1-ubyte.gz")), as: "x-labels-idx1-ubyte.gz")
        #expect(openingError(path) == nil)
        let unnamed = try folder.write(images, as: "pictures")
        #expect(openingError(unnamed)?.kind == .unsupported)
    }

    /// Every cut, every byte flipped: an error each time, or the same contents where the byte is none of
    /// theirs (time stamp and operating system in the header of gzip).
    @Test func damagedGzip() throws {
        let packed = try contents(fixture("small-images-idx3-ubyte.gz"))
        let whole = try pixels(fixture("small-images-idx3-ubyte.gz"))
        let folder = try ScratchFolder()
        try folder.write(contents(fixture("small-labels-idx1-ubyte.gz")), as: "x-labels.gz")
        for count in 0..<packed.count {
            let path = try folder.write(Array(packed[..<count]), as: "x-images.gz")
            let error = openingError(path)
            #expect(error?.kind == .compression && error?.path == path, "cut to \(count) bytes")
        }
        var harmless = 0
        for position in 0..<packed.count {
            var damaged = packed
            damaged[position] ^= 0x55
            let path = try folder.write(damaged, as: "x-images.gz")
            if let error = openingError(path) {
                #expect(error.kind == .compression, "byte \(position)")
            } else {
                #expect(try pixels(path) == whole, "byte \(position)")
                harmless += 1
            }
        }
        #expect(harmless <= 6)
    }

    @Test func theChecksumIsVerified() throws {
        let folder = try ScratchFolder()
        var packed = try contents(fixture("small-images-idx3-ubyte.gz"))
        packed[packed.count - 8] ^= 1
        let error = openingError(try folder.write(packed, as: "x-images.gz"))
        #expect(error?.detail.contains("incorrect data check") == true)
    }

    @Test func bytesAfterTheEndOfGzip() throws {
        let folder = try ScratchFolder()
        let packed = try contents(fixture("small-images-idx3-ubyte.gz"))
        let error = openingError(try folder.write(packed + [1, 2, 3], as: "x-images.gz"))
        #expect(error?.kind == .compression && error?.detail.contains("3 bytes follow") == true)
    }

    /// Tapes and some programs fill up blocks; members may follow one another, also behind such zeros.
    @Test func zeroBytesBetweenAndAfterMembersOfGzipArePassedOver() throws {
        let folder = try ScratchFolder()
        try folder.write(contents(fixture("small-labels-idx1-ubyte.gz")), as: "x-labels.gz")
        let packed = try contents(fixture("small-images-idx3-ubyte.gz"))
        let expected = try pixels(fixture("small-images-idx3-ubyte.gz"))
        let empty: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ]
        let zeros = [UInt8](repeating: 0, count: 512)
        for rest in [[0], zeros, [UInt8](repeating: 0, count: 3 << 20), empty, zeros + empty, empty + zeros] {
            let path = try folder.write(packed + rest, as: "x-images.gz")
            #expect(try pixels(path) == expected, "\(rest.count) bytes behind the images")
        }
        for (rest, count) in [(zeros + [1], 513), ([0x1F], 1), (zeros + [0x1F], 513), ([0, 0x8B, 0x1F], 3)] {
            let error = openingError(try folder.write(packed + rest, as: "x-images.gz"))
            #expect(error?.kind == .compression, "\(rest.suffix(3))")
            #expect(error?.detail.contains("\(count) bytes follow") == true, "\(String(describing: error))")
        }
        // What begins like a member must be one.
        #expect(
            openingError(try folder.write(packed + [0x1F, 0x8B], as: "x-images.gz"))?.kind == .compression)
    }

    /// A packed file cannot hold a thousand times its size; one that unpacks without end is not unpacked to its end.
    @Test func bombsAreRefusedByWhatTheyAnnounce() throws {
        let folder = try ScratchFolder()
        try folder.write(idx([5], [0, 0, 0, 0, 0]), as: "x-labels")
        func packed(_ header: [UInt8], zeros: Int) throws -> String {
            let plain = try folder.write(header, as: "x-images")
            try #require(truncate(plain, off_t(zeros)) == 0)
            let gzip = Process()
            gzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
            gzip.arguments = ["-1", "-f", plain]
            try gzip.run()
            gzip.waitUntilExit()
            return plain + ".gz"
        }
        // 200 MB in a million bytes, again and again: twelve gigabytes.
        let members = Array(
            repeatElement(try contents(try packed([], zeros: 200 << 20)), count: 60).joined())
        let images = try contents(try packed(idx([5, 3, 2], []), zeros: 100))
        let began = ContinuousClock.now
        let endless = try folder.write(images + members, as: "y-images.gz")
        try folder.write(idx([5], [0, 0, 0, 0, 0]), as: "y-labels")
        #expect(openingError(endless)?.detail.contains("left over") == true)
        #expect(openingError(try folder.write(members, as: "z-images.gz"))?.exitCode == 65)
        let large = try packed(idx([5, 1 << 14, 1 << 14], []), zeros: 100)
        #expect(openingError(large)?.detail.contains("of gzip data cannot hold") == true)
        #expect(ContinuousClock.now - began < .seconds(60))
    }

    @Test func damageInTheMiddleOfALargeFile() throws {
        let folder = try ScratchFolder()
        var packed = try contents(FashionMNIST.test)
        try folder.write(
            contents(FashionMNIST.test.replacing("images-idx3", with: "labels-idx1")), as: "t-labels.gz")
        packed[packed.count / 2] ^= 0xFF
        #expect(openingError(try folder.write(packed, as: "t-images.gz"))?.kind == .compression)
        packed[packed.count / 2] ^= 0xFF
        #expect(openingError(try folder.write(packed, as: "t-images.gz")) == nil)
    }
    /// Neither waits for a writer nor reads without end.
    @Test func onlyRegularFilesAreRead() throws {
        let folder = try ScratchFolder()
        let pipe = folder.path + "/x-images"
        #expect(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, "/dev/zero", "/dev/null"] {
            let error = openingError(path)
            #expect(error?.kind == .unsupported && error?.path == path)
            #expect(error?.detail.contains("not a regular file") == true)
        }
    }

    /// What a file announces is checked before memory is taken for it.
    @Test func sizesAreCheckedAgainstWhatIsThere() throws {
        let folder = try ScratchFolder()
        try folder.write(idx([5], [0, 0, 0, 0, 0]), as: "x-labels")
        let path = folder.path + "/x-images"
        // A terabyte by its size, without a block on the disk.
        try folder.write(idx([1 << 20, 1 << 10, 1 << 10], []), as: "x-images")
        #expect(truncate(path, 16 + (1 << 40)) == 0)
        #expect(
            openingError(path)?.detail.contains("more than the memory that this process may have") == true)
        try folder.write(idx([5, 3, 2], []), as: "x-images")
        #expect(truncate(path, 1 << 40) == 0)
        #expect(openingError(path)?.detail.contains("left over") == true)
    }

    /// A small file that unpacks to more than it announces keeps no more than that in memory.
    @Test func whatGzipHoldsBeyondTheAnnouncedSizeIsNotKept() throws {
        let folder = try ScratchFolder()
        try folder.write(idx([5], [0, 0, 0, 0, 0]), as: "x-labels")
        let plain = try folder.write(idx([5, 3, 2], []), as: "x-images")
        #expect(truncate(plain, 1 << 29) == 0)
        let gzip = Process()
        gzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
        gzip.arguments = ["-1", plain]
        try gzip.run()
        gzip.waitUntilExit()
        ProcessMemory.resetPeak()
        let before = ProcessMemory.peakBytes
        let error = openingError(plain + ".gz")
        #expect(error?.kind == .format && error?.detail.contains("left over") == true)
        #expect(ProcessMemory.peakBytes - before < 1 << 28)
    }
}
