import ImageData
import Tensors
import TestSupport
import Testing

/// One image at the end of a pipeline.
private func image(
    _ dataset: some ImageDataset, _ index: Int, _ normalization: Normalization = .imageNet
) throws -> [Float] {
    let loader = try EvaluationLoader(
        subset: .training(of: dataset),
        pipeline: ImagePipeline(transform: .none, normalization: normalization), batchSize: 1, shard: .whole)
    return try loader.batch(index).images.elements
}

@Suite struct IDXDatasetTests {
    /// The 30 pixels of the fixture are 0, 8, 16, …; five images of three rows and two columns.
    private func normalized(_ pixel: Int, _ channel: Int) -> Float {
        let mean: [Float] = [0.485, 0.456, 0.406]
        let deviation: [Float] = [0.229, 0.224, 0.225]
        return (Float(pixel) / 255 - mean[channel]) / deviation[channel]
    }

    @Test(arguments: ["small-images-idx3-ubyte.gz", "members-images-idx3-ubyte.gz"])
    func readsImages(name: String) throws {
        let set = try IDXDataset(contentsOf: fixture(name))
        #expect(set.count == 5 && set.classCount == 3)
        #expect(set.commonSize == ImageSize(height: 3, width: 2))
        #expect(try set.size(4) == ImageSize(height: 3, width: 2))
        #expect((0..<5).map { set.label($0) } == [0, 1, 2, 1, 0])
        #expect(set.identifier(3) == "3" && set.classNames == ["0", "1", "2"])
        #expect(set.content.hasSecondView)
        let expected = (0..<3).flatMap { channel in (6..<12).map { normalized(8 * $0, channel) } }
        #expect(try image(set, 1) == expected)
        // Computed with NumPy in 32 bits.
        #expect(try image(set, 1)[0] == -1.2959158 && image(set, 1)[6] == -1.1953781)
    }

    @Test func decodesPixels() throws {
        let set = try IDXDataset(contentsOf: fixture("small-images-idx3-ubyte.gz"))
        var buffer = PixelImage()
        for index in [4, 0] {
            try set.decode(index, .all, into: &buffer)
            let expected = (6 * index..<6 * index + 6).map { UInt8(8 * $0) }
            #expect(
                buffer == PixelImage(size: ImageSize(height: 3, width: 2), channels: 1, pixels: expected))
        }
    }

    /// Packed by gzip or not, the same images and labels; not the same files.
    @Test func packingDoesNotChangeImages() throws {
        let packed = try IDXDataset(contentsOf: fixture("small-images-idx3-ubyte.gz"))
        let folder = try ScratchFolder()
        let path = try folder.write(idx([5, 3, 2], (0..<30).map { UInt8(8 * $0) }), as: "some-images")
        try folder.write(idx([5], [0, 1, 2, 1, 0]), as: "some-labels")
        let plain = try IDXDataset(contentsOf: path)
        for index in 0..<5 {
            #expect(plain.label(index) == packed.label(index))
            #expect(try image(plain, index) == image(packed, index))
        }
        #expect(plain.fingerprint != packed.fingerprint)
    }

    /// Wherever files lie, whatever they are called and whenever they were written.
    @Test func equalFilesHaveEqualFingerprints() throws {
        func set(_ name: String, _ pixel: UInt8, _ label: UInt8) throws -> UInt64 {
            let folder = try ScratchFolder()
            let path = try folder.write(idx([2, 1, 1], [7, pixel]), as: "\(name)-images")
            try folder.write(idx([2], [0, label]), as: "\(name)-labels")
            return try DatasetFile.open(path: path).fingerprint
        }
        #expect(try set("a", 1, 1) == set("b", 1, 1))
        #expect(try set("a", 1, 1) != set("a", 2, 1))
        #expect(try set("a", 1, 1) != set("a", 1, 0))
    }

    @Test func usesTheNormalizationItIsGiven() throws {
        let set = try IDXDataset(contentsOf: fixture("small-images-idx3-ubyte.gz"))
        let grey = (24..<30).map { Float(8 * $0) / 255 }
        #expect(try image(set, 4, .plain()) == grey + grey + grey)
        for wrong: [Float] in [[1, 1], [1, 0, 1], [1, -1, 1], [1, .infinity, 1], [1, .nan, 1]] {
            let error = #expect(throws: DataError.self) {
                try Normalization(mean: [0, 0, 0], standardDeviation: wrong)
            }
            #expect(error?.kind == .setting && error?.exitCode == 64)
        }
    }

    @Test func readsFashionMNIST() throws {
        let set = try DatasetFile.open(path: FashionMNIST.test)
        #expect(set.count == 10_000 && set.classCount == 10)
        #expect(set.commonSize == ImageSize(height: 28, width: 28))
        #expect((0..<12).map { set.label($0) } == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7, 4, 5])
        guard case .pixels(let source) = set.content else { return #expect(Bool(false)) }
        func sum(_ index: Int) throws -> Int {
            var image = PixelImage()
            try source.decode(index, .all, into: &image)
            return image.pixels.reduce(0) { $0 + Int($1) }
        }
        #expect(try sum(0) == 33_456 && sum(9_999) == 24_390)
        let subset = try Subset.training(of: set)
        #expect(subset.samplesPerClass == [Int](repeating: 1000, count: 10))
    }
}
