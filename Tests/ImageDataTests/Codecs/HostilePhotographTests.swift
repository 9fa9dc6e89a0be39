internal import Foundation
import ImageData
import TestSupport
import Testing

/// SplitMix64: mutations of a fixed seed.
struct MutationGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// Files that were cut and changed: each gives pixels or a `DataError`, within bounded memory and time.
@Suite struct HostilePhotographTests {
    private static let folders = ["photographs", "photograph-cases", "photograph-variants"]

    private static func files() throws -> [String] {
        try folders.flatMap { folder in try fixtureNames(folder).map { "\(folder)/\($0)" } }
    }

    /// One of the kinds of damage that files have, in up to four places; half of them in the headers.
    private func mutated(_ bytes: [UInt8], _ generator: inout MutationGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let limit = Bool.random(using: &generator) ? bytes.count : min(bytes.count, 640)
            let place = Int.random(in: 0..<limit, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes[place] = [0, 0xFF, 0x7F, 0x80].randomElement(using: &generator) ?? 0
            case 3: bytes.removeSubrange(place..<min(place + 3, bytes.count))
            case 4: bytes.insert(contentsOf: bytes[place..<min(place + 20, bytes.count)], at: place)
            default: bytes.removeLast(bytes.count - place)
            }
        }
        return bytes
    }

    /// Decodes the whole or a part of a damaged file, and says whether it gave pixels.
    private func isDecoded(_ path: String, _ image: inout PixelImage, region: PixelRegion?) throws -> Bool {
        do {
            let request = PixelRequest(region: region, smallestSize: region?.size)
            try PhotographDecoder.decode(path, request, appliesOrientation: region != nil, into: &image)
            #expect(image.channels == 3)
            return true
        } catch {
            #expect(error.exitCode == 65 && error.path == path)
            #expect(error.detail.utf8.count < 300, "\(error)")
            return false
        }
    }

    @Test func damagedFilesGivePixelsOrAnError() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        var generator = MutationGenerator(state: 11)
        var (whole, corner) = (PixelImage(), PixelImage())
        var (decodedCount, refusedCount) = (0, 0)
        for name in try Self.files() {
            let bytes = try contents(fixture(name))
            for round in 0..<(bytes.count > 20_000 ? 12 : 36) {
                let path = try folder.write(mutated(bytes, &generator), as: "damaged")
                let region = PixelRegion(top: 0, left: 0, size: ImageSize(height: 8, width: 8))
                let hasPixels =
                    try round.isMultiple(of: 2)
                    ? isDecoded(path, &whole, region: nil) : isDecoded(path, &corner, region: region)
                if hasPixels { decodedCount += 1 } else { refusedCount += 1 }
            }
        }
        #expect(decodedCount + refusedCount > 3000)
        #expect(decodedCount > 100 && refusedCount > 1000, "\(decodedCount) and \(refusedCount)")
    }

    /// Of a thousand scans of the same color a few are read.
    @Test func manyScansAreRefused() throws {
        let bytes = try contents(fixture("photograph-variants/scans-420.jpg"))
        let scans = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
        let last = try #require(scans.last)
        let scan = Array(bytes[last..<bytes.count - 2])
        let folder = try ScratchFolder()
        defer { folder.remove() }
        func path(_ count: Int) throws -> String {
            let repeated = Array(repeatElement(scan, count: count).joined())
            return try folder.write(bytes[..<last] + repeated + [0xFF, 0xD9], as: "scans.jpg")
        }
        #expect(try dataError { try decoded(try path(1000)) }.detail.contains("more than 100 scans"))
        #expect(throws: Never.self) { try decoded(try path(1)) }
    }

    /// Coded arithmetically a picture may take hardly any bits, and a forged header none.
    @Test func forgedSizesOfArithmeticFilesAreRefused() throws {
        var bytes = try contents(fixture("photograph-variants/arithmetic-420.jpg"))
        let frame = try #require(
            bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC9 })
        let folder = try ScratchFolder()
        defer { folder.remove() }
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x33, 0, 0x33, 0])
        let path = try folder.write(bytes, as: "forged.jpg")
        #expect(try dataError { try decoded(path) }.detail.contains("cannot hold 13056 × 13056 pixels"))
    }

    /// Each scan goes over the whole picture.
    @Test func largePicturesMayHaveFewerScans() {
        #expect(JPEGDecoder.maxScans(ImageSize(height: 500, width: 400)) == 100)
        #expect(JPEGDecoder.maxScans(ImageSize(height: 6000, width: 8000)) == 44)
        #expect(JPEGDecoder.maxScans(ImageSize(height: 13000, width: 13000)) == 20)
    }

    /// A text that unpacks to a hundred megabytes is not unpacked.
    @Test func textOfPNGIsNotUnpacked() throws {
        let bytes = try contents(fixture("photograph-cases/rgba.png"))
        let text = Array("zTXtkey".utf8) + [0, 0] + Array(repeating: 0, count: 1 << 20)
        let count = withUnsafeBytes(of: UInt32(text.count - 4).bigEndian) { Array($0) }
        let sum = withUnsafeBytes(of: crc(text).bigEndian) { Array($0) }
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = try folder.write(bytes[..<33] + count + text + sum + bytes[33...], as: "text.png")
        #expect(try decoded(path) == decoded(fixture("photograph-cases/rgba.png")))
    }

    /// The checksum of PNG.
    private func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }

    /// Many threads decode at once, good and bad files.
    @Test func threadsDoNotDisturbEachOther() async throws {
        let names = ["photographs/rgb.jpg", "photographs/progressive.jpg", "photographs/palette.png"]
        let expected = try names.map { try decoded(fixture($0)) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for _ in 0..<4 {
                        _ = try? decoded(fixture("photographs/truncated.jpg"))
                        let index = task % names.count
                        guard try decoded(fixture(names[index])) == expected[index] else { return false }
                    }
                    return true
                }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }
}
