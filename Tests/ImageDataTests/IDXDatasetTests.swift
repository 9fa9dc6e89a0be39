import ImageData
import Tensors
import TestSupport
import Testing

/// One image, as a tensor set or a loader would see it.
private func image(
    _ dataset: some ImageDataset, _ index: Int, _ placement: ImagePlacement = .identity
) throws -> [Float] {
    let tensor = try Tensor([dataset.channels, dataset.height, dataset.width]) { buffer throws(DataError) in
        var pixels = buffer.mutableSpan
        try dataset.write(index, view: .first, placement: placement, into: &pixels)
    }
    return tensor.elements
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
        #expect([set.channels, set.height, set.width] == [3, 3, 2])
        #expect((0..<5).map { set.label($0) } == [0, 1, 2, 1, 0])
        #expect(set.identifier(3) == "3" && set.classNames == ["0", "1", "2"])
        #expect(set.hasSecondView && set.takesTransforms)
        let expected = (0..<3).flatMap { channel in (6..<12).map { normalized(8 * $0, channel) } }
        #expect(try image(set, 1) == expected)
        // Computed with NumPy in 32 bits.
        #expect(try image(set, 1)[0] == -1.2959158 && image(set, 1)[6] == -1.1953781)
    }

    @Test func packingDoesNotChangeContents() throws {
        let packed = try IDXDataset(contentsOf: fixture("small-images-idx3-ubyte.gz"))
        let folder = try ScratchFolder()
        let pixels = (0..<30).map { UInt8(8 * $0) }
        let path = try folder.write(idx([5, 3, 2], pixels), as: "some-images")
        try folder.write(idx([5], [0, 1, 2, 1, 0]), as: "some-labels")
        #expect(try IDXDataset(contentsOf: path).fingerprint == packed.fingerprint)
        try folder.write(idx([5], [0, 1, 2, 1, 1]), as: "some-labels")
        #expect(try IDXDataset(contentsOf: path).fingerprint != packed.fingerprint)
    }

    @Test func usesTheNormalizationItIsGiven() throws {
        let plain = try Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])
        let set = try IDXDataset(contentsOf: fixture("small-images-idx3-ubyte.gz"), normalization: plain)
        let grey = (24..<30).map { Float(8 * $0) / 255 }
        #expect(try image(set, 4) == grey + grey + grey)
        for wrong: [Float] in [[1, 1], [1, 0, 1], [1, -1, 1], [1, .infinity, 1], [1, .nan, 1]] {
            let error = #expect(throws: DataError.self) {
                try Normalization(mean: [0, 0, 0], standardDeviation: wrong)
            }
            #expect(error?.kind == .setting && error?.exitCode == 64)
        }
    }

    @Test func placesImages() throws {
        let plain = try Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])
        let set = try IDXDataset(contentsOf: fixture("small-images-idx3-ubyte.gz"), normalization: plain)
        func pixels(_ row: Int, _ column: Int, _ isMirrored: Bool) throws -> [Float] {
            let placement = ImagePlacement(firstRow: row, firstColumn: column, isMirrored: isMirrored)
            return try image(set, 0, placement).prefix(6).map { ($0 * 255 / 8).rounded() }
        }
        // The image is 0 1 / 2 3 / 4 5.
        #expect(try pixels(0, 0, true) == [1, 0, 3, 2, 5, 4])
        #expect(try pixels(1, 0, false) == [2, 3, 4, 5, 0, 0])
        #expect(try pixels(-1, 0, false) == [0, 0, 0, 1, 2, 3])
        #expect(try pixels(0, 1, false) == [1, 0, 3, 0, 5, 0])
        #expect(try pixels(1, -1, false) == [0, 2, 0, 4, 0, 0])
        #expect(try pixels(1, -1, true) == [2, 0, 4, 0, 0, 0])
        #expect(try pixels(5, 5, false) == [0, 0, 0, 0, 0, 0])
    }

    @Test func theBorderIsBlackBeforeNormalization() throws {
        let set = try IDXDataset(contentsOf: fixture("small-images-idx3-ubyte.gz"))
        let outside = ImagePlacement(firstRow: 9, firstColumn: 0, isMirrored: false)
        let values = try image(set, 4, outside)
        #expect([values[0], values[6], values[12]] == [-2.117904, -2.0357141, -1.8044444])
    }

    @Test func readsFashionMNIST() throws {
        let plain = try Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])
        let set = try DatasetFile.open(path: FashionMNIST.test, normalization: plain)
        #expect(set.count == 10_000 && set.classCount == 10)
        #expect([set.channels, set.height, set.width] == [3, 28, 28])
        #expect((0..<12).map { set.label($0) } == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7, 4, 5])
        func sum(_ index: Int) throws -> Float {
            try image(set, index).prefix(784).reduce(0) { $0 + ($1 * 255).rounded() }
        }
        #expect(try sum(0) == 33_456 && sum(9_999) == 24_390)
        let subset = try Subset.training(of: set)
        #expect(subset.samplesPerClass == [Int](repeating: 1000, count: 10))
    }
}
