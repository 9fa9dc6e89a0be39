internal import Foundation
import ImageData
import TestSupport
import Testing

/// Folders and lists of real files.
@Suite struct PhotographDatasetTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    /// Copies a file of the fixtures.
    private func put(_ name: String, as target: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("photographs/" + name))))
        try folder.write(bytes, as: "data/" + target)
    }

    private func open(_ options: DatasetOptions = DatasetOptions()) throws -> PhotographDataset {
        try #require(
            try DatasetFile.open(path: folder.path + "/data", options: options) as? PhotographDataset)
    }

    private func pixels(_ set: PhotographDataset, _ index: Int, _ request: PixelRequest = .all) throws
        -> PixelImage
    {
        var image = PixelImage()
        try set.decode(index, request, into: &image)
        return image
    }

    @Test func photographsAreOpenedByContent() throws {
        try put("rgb.jpg", as: "a/x.png")
        try put("palette.png", as: "a/y.JPEG")
        try put("grey.jpg", as: "b/z")
        let set = try open()
        #expect(set.count == 3 && set.classNames == ["a", "b"] && set.hasNamedClasses)
        #expect(set.failures.isEmpty && set.notes.isEmpty)
        #expect((0..<3).map { set.identifier($0) } == ["a/x.png", "a/y.JPEG", "b/z"])
        #expect((0..<3).map { set.label($0) } == [0, 0, 1])
        for index in 0..<3 {
            let image = try pixels(set, index)
            #expect(try image.size == set.size(index) && image.channels == 3)
        }
        try set.requireUsable()
    }

    @Test func aSizeThatAllHaveIsKnown() throws {
        try put("rgb.jpg", as: "a/1.jpg")
        try put("rgb.png", as: "b/2.png")
        let set = try open()
        #expect(try set.commonSize == set.size(0) && set.commonSize == set.size(1))
        try put("narrow.jpg", as: "b/3.jpg")
        #expect(try open().commonSize == nil)
    }

    @Test func brokenFilesAreNamed() throws {
        try put("rgb.jpg", as: "a/1.jpg")
        try put("not-an-image.jpg", as: "a/2.jpg")
        try put("empty.png", as: "b/3.png")
        try put("truncated.jpg", as: "b/4.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/data/b/5.jpg", withDestinationPath: "nowhere.jpg")
        for threads in [1, 3] {
            let set = try open(DatasetOptions(threads: threads))
            // The beginning of the truncated one is whole.
            #expect(set.failures.map(\.index) == [1, 2, 4])
            #expect(set.failures[2].error.detail.contains("link to nowhere.jpg"))
            let error = #expect(throws: DataError.self) { try set.requireUsable() }
            #expect(error?.path.hasSuffix("a/2.jpg") == true && error?.exitCode == 65)
            #expect(error?.detail.contains("2 more of 5 files cannot be used") == true)
            #expect(error?.detail.hasSuffix("; mend or remove them") == true)
            let decoded = set.failures(decoding: 0..<5, threads: threads)
            #expect(decoded.map(\.index) == [3] && decoded[0].error.exitCode == 65)
            #expect(set.failures(decoding: 0..<3, threads: threads).isEmpty)
        }
    }

    @Test func aLinkToItselfIsNamed() throws {
        try put("rgb.jpg", as: "a/1.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/data/a/2.jpg", withDestinationPath: "2.jpg")
        let failures = try open().failures
        #expect(failures.map(\.index) == [1])
        #expect(failures[0].error.detail.contains("more links than the system follows"))
    }

    /// Index, order, fingerprint: those of a folder without the files that were left out.
    @Test func leavingOutIsAsIfTheyWereNeverThere() throws {
        for name in ["a/1.jpg", "a/2.jpg", "b/3.jpg"] { try put("rgb.jpg", as: name) }
        try put("grey.png", as: "b/4.png")
        let without = try open()
        try put("not-an-image.jpg", as: "a/15.jpg")
        try put("truncated.jpg", as: "b/0.jpg")
        let all = try open()
        #expect(all.count == 6 && all.fingerprint != without.fingerprint)
        let left = all.leavingOut([1, 3])
        #expect(left.count == 4 && left.failures.isEmpty && left.fingerprint == without.fingerprint)
        for index in 0..<4 {
            #expect(left.identifier(index) == without.identifier(index))
            #expect(try pixels(left, index) == pixels(without, index))
        }
        // Another failure keeps its place.
        #expect(all.leavingOut([3]).failures.map(\.index) == [1])
    }

    @Test func fingerprintsFollowContentsAndClasses() throws {
        try put("rgb.jpg", as: "a/1.jpg")
        try put("grey.jpg", as: "b/2.jpg")
        let first = try open().fingerprint
        #expect(try open(DatasetOptions(appliesOrientation: true)).fingerprint != first)
        try FileManager.default.moveItem(atPath: folder.path + "/data/a", toPath: folder.path + "/data/A")
        #expect(try open().fingerprint != first)
        try FileManager.default.moveItem(atPath: folder.path + "/data/A", toPath: folder.path + "/data/a")
        #expect(try open().fingerprint == first)
        try put("progressive.jpg", as: "a/1.jpg")
        #expect(try open().fingerprint != first)
    }

    @Test func aPartIsThatOfTheWhole() throws {
        try put("rgb.jpg", as: "a/1.jpg")
        let region = PixelRegion(top: 3, left: 5, size: ImageSize(height: 20, width: 17))
        let request = PixelRequest(region: region)
        let plain = try open()
        var (expected, scratch) = (try pixels(plain, 0), PixelImage())
        expected.crop(to: region, by: &scratch)
        #expect(try pixels(plain, 0, request) == expected)
        // From the cache too, whether the image is in there already or not, or does not fit.
        for cacheBytes in [1, 1 << 24] {
            let cached = try open(DatasetOptions(cacheBytes: cacheBytes))
            for _ in 0..<2 { #expect(try pixels(cached, 0, request) == expected) }
            #expect(try pixels(cached, 0) == pixels(plain, 0))
        }
    }

    @Test func theCacheKeepsItsLimit() {
        let cache = DecodedImageCache(limit: 10)
        let image = PixelImage(
            size: ImageSize(height: 2, width: 2), channels: 1, pixels: [1, 2, 3, 4])
        for index in 0..<4 { cache.keep(image, for: index) }
        #expect((0..<4).map { cache.image($0) != nil } == [true, true, false, false])
        #expect(cache.image(0) == image)
    }

    @Test func aFileThatChangesMeanwhileIsAnError() throws {
        try put("rgb.jpg", as: "a/1.jpg")
        let set = try open()
        try put("narrow.jpg", as: "a/1.jpg")
        let error = #expect(throws: DataError.self) { try pixels(set, 0) }
        #expect(error?.exitCode == 65 && error?.detail.contains("when it was opened") == true)
    }

    @Test func sharedImagesAreFound() throws {
        try put("rgb.jpg", as: "a/1.jpg")
        try put("grey.jpg", as: "a/2.jpg")
        let training = try Subset.training(of: open())
        try FileManager.default.removeItem(atPath: folder.path + "/data/a")
        try put("progressive.jpg", as: "a/3.jpg")
        try put("grey.jpg", as: "a/4.jpg")
        let test = try Subset.evaluation(of: open(), like: training)
        let shared = training.sharedImages(with: test)
        #expect(shared.map(\.here) == [1] && shared.map(\.there) == [1])
        let notice = try #require(training.noticeOfSharedImages(with: test, named: "data.test"))
        #expect(notice.contains("data.test: 1 of 2") && notice.contains("a/4.jpg = a/2.jpg"))
        #expect(
            test.noticeOfSharedImages(with: try Subset.training(of: MemoryDataset(labels: [0])), named: "")
                == nil)
    }

    @Test func orientationsAreCounted() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("photograph-cases/exif6.jpg"))))
        try folder.write(bytes, as: "data/a/1.jpg")
        let plain = try open()
        #expect(try plain.size(0) == ImageSize(height: 2, width: 4))
        #expect(plain.notes.count == 1 && plain.notes[0].contains("1 images have an EXIF orientation"))
        let turned = try open(DatasetOptions(appliesOrientation: true))
        #expect(try turned.size(0) == ImageSize(height: 4, width: 2) && turned.notes.isEmpty)
        #expect(try pixels(turned, 0).size == ImageSize(height: 4, width: 2))
    }

    @Test func unlabelledPhotographsAreFilesAndFolders() throws {
        for name in ["b/2.jpg", "b/sub/1.jpg", "c.jpg", "b/.hidden.jpg"] { try put("grey.jpg", as: name) }
        let root = folder.path + "/data"
        let set = try PhotographDataset.unlabelled([root + "/c.jpg", root + "/b/", root + "/b/2.jpg"])
        #expect(
            (0..<set.count).map { set.identifier($0) }
                == ["b/2.jpg", "b/sub/1.jpg", "c.jpg"].map { root + "/" + $0 })
        #expect(set.failures.isEmpty && (0..<3).allSatisfy { set.label($0) == 0 })
        #expect(try pixels(set, 2).size == set.size(0))
        let missing = #expect(throws: DataError.self) { try PhotographDataset.unlabelled([root + "/d.jpg"]) }
        #expect(missing?.exitCode == 74)
        try FileManager.default.createDirectory(atPath: root + "/empty", withIntermediateDirectories: false)
        #expect(throws: DataError.self) { try PhotographDataset.unlabelled([root + "/empty"]) }
    }
}
