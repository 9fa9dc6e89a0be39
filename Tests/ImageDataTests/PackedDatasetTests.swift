internal import Foundation
import ImageData
import ModelFiles
import Tensors
import TestSupport
import Testing

/// Data sets that were opened elsewhere.
@Suite struct PackedDatasetTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    /// What another process makes of a data set.
    private func sent(_ dataset: any ImageDataset, _ options: DatasetOptions = DatasetOptions())
        -> any ImageDataset
    {
        let packed = PackedDataset(dataset)
        return PackedDataset(
            description: packed.description, pixels: packed.pixels, tensors: packed.tensors
        ).unpacked(options)
    }

    /// All that can be asked of both is the same.
    private func expectSame(_ one: any ImageDataset, _ other: any ImageDataset) throws {
        #expect(one.path == other.path && one.count == other.count && one.classCount == other.classCount)
        #expect(one.classNames == other.classNames && one.hasNamedClasses == other.hasNamedClasses)
        #expect(one.fingerprint == other.fingerprint && one.notes == other.notes)
        #expect(one.commonSize == other.commonSize)
        for index in 0..<one.count {
            #expect(
                one.label(index) == other.label(index) && one.identifier(index) == other.identifier(index))
            #expect(one.group(index) == other.group(index) && one.digest(index) == other.digest(index))
            switch (one.content, other.content) {
            case (.pixels(let first), .pixels(let second)):
                var (image, expected) = (PixelImage(), PixelImage())
                try first.decode(index, .all, into: &expected)
                try second.decode(index, .all, into: &image)
                #expect(difference(image, expected) == nil)
            case (.prepared(let first), .prepared(let second)):
                #expect(first.images.elements == second.images.elements)
                #expect(first.secondView?.elements == second.secondView?.elements)
            default: Issue.record("contents of different kinds")
            }
        }
    }

    @Test func photographsAreThoseOfTheList() throws {
        for (name, target) in [("rgb.jpg", "a b/1.jpg"), ("grey.png", "é/2.png")] {
            try folder.write(contents(fixture("photographs/" + name)), as: "data/" + target)
        }
        let path = folder.path + "/data"
        let set = try DatasetFile.open(path: path)
        try expectSame(set, sent(set))
        try folder.write(Array("a b/1.jpg\tx\tp 1\né/2.png\ty\tp 2\n".utf8), as: "data/list.txt")
        let list = try DatasetFile.open(path: path + "/list.txt")
        try expectSame(list, sent(list))
        // Turned and cached as the options say.
        let options = DatasetOptions(appliesOrientation: true, cacheBytes: 1 << 20)
        try expectSame(
            DatasetFile.open(path: path, options: options), sent(DatasetFile.open(path: path), options))
    }

    @Test func failuresAreKnown() throws {
        try folder.write(contents(fixture("photographs/rgb.jpg")), as: "data/a/1.jpg")
        try folder.write(contents(fixture("photographs/not-an-image.jpg")), as: "data/a/2.jpg")
        let set = try #require(try DatasetFile.open(path: folder.path + "/data") as? PhotographDataset)
        let other = try #require(sent(set) as? PhotographDataset)
        #expect(other.failures == set.failures && set.failures.count == 1)
        try expectSame(set.leavingOut([1]), other.leavingOut([1]))
    }

    @Test func otherKindsAreWhole() throws {
        for path in [
            fixture("small-images-idx3-ubyte.gz"), fixture("shards/pax.tar"),
            goldenPath("trajectory-data.safetensors"),
        ] {
            let set = try DatasetFile.open(path: path)
            try expectSame(set, sent(set))
        }
        let unlabelled = try TensorDataset.unlabelled(goldenPath("trajectory-data.safetensors"))
        try expectSame(unlabelled, sent(unlabelled))
        #expect(
            unlabelled.identifier(2).hasSuffix("trajectory-data.safetensors:2") && unlabelled.label(2) == 0)
    }

    /// A host that sees another file than the one that was listed says so when it opens it.
    @Test func anotherFileIsFoundByItsSize() throws {
        try folder.write(contents(fixture("photographs/rgb.jpg")), as: "data/a/1.jpg")
        let set = try DatasetFile.open(path: folder.path + "/data")
        let other = try #require(sent(set) as? PhotographDataset)
        var image = PixelImage()
        try other.decode(0, .all, into: &image)
        let path = try folder.write(contents(fixture("photographs/grey.jpg")), as: "data/a/1.jpg")
        let error = #expect(throws: DataError.self) { try other.decode(0, .all, into: &image) }
        #expect(error?.path == path && error?.exitCode == 65)
        #expect(
            error?.detail.hasPrefix(
                "has 11941 bytes and had 17406 when it was opened by the first rank; does this host see the same files?"
            )
                == true, "\(String(describing: error))")
        #expect(error?.detail.contains("data.local: true") == true)
        try FileManager.default.removeItem(atPath: path)
        let missing = #expect(throws: DataError.self) { try other.decode(0, .all, into: &image) }
        #expect(
            missing?.exitCode == 74 && missing?.detail.contains("does this host see the same files?") == true)
    }
}
