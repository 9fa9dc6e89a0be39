import ImageData
import Tensors
import Testing

private func grey(_ height: Int, _ width: Int, _ pixels: [UInt8]) -> PixelImage {
    PixelImage(size: ImageSize(height: height, width: width), channels: 1, pixels: pixels)
}

/// Row and column of a crop with its flip as they are drawn: three draws of one stream, always.
private func placement(padding: Int, _ key: AugmentationKey) -> (row: Int, column: Int, coin: Bool) {
    var random = KeyedRandom(
        seed: key.seed, purpose: .augmentation, key.pass, key.sample, key.view.rawValue)
    let row = random.integer(below: 2 * padding + 1) - padding
    let column = random.integer(below: 2 * padding + 1) - padding
    return (row, column, random.next() >> 63 == 1)
}

/// A crop, mirrored or not, pixel by pixel by its definition.
private func expected(_ image: PixelImage, row: Int, column: Int, mirrored: Bool) -> PixelImage {
    let (height, width, channels) = (image.size.height, image.size.width, image.channels)
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            let (y, x) = (y + row, (mirrored ? width - 1 - x : x) + column)
            let isInside = y >= 0 && y < height && x >= 0 && x < width
            for channel in 0..<channels {
                pixels.append(isInside ? image.pixels[(y * width + x) * channels + channel] : 0)
            }
        }
    }
    return PixelImage(size: image.size, channels: channels, pixels: pixels)
}

@Suite struct PadCropTests {
    @Test(arguments: [(28, 2), (32, 4), (64, 8), (15, 0), (224, 28)])
    func paddingIsAnEighthRoundedDownToAnEvenNumber(size: Int, padding: Int) {
        #expect(PadCrop(imageSize: size).padding == padding)
    }

    /// By hand, for each of the nine places of a padding of one.
    @Test func cropsTheImage() throws {
        let image = grey(3, 2, [1, 2, 3, 4, 5, 6])
        let crops: [[Int]: [UInt8]] = [
            [0, 0]: [1, 2, 3, 4, 5, 6], [1, 0]: [3, 4, 5, 6, 0, 0], [-1, 0]: [0, 0, 1, 2, 3, 4],
            [0, 1]: [2, 0, 4, 0, 6, 0], [0, -1]: [0, 1, 0, 3, 0, 5], [1, 1]: [4, 0, 6, 0, 0, 0],
            [1, -1]: [0, 3, 0, 5, 0, 0], [-1, 1]: [0, 0, 2, 0, 4, 0], [-1, -1]: [0, 0, 0, 1, 0, 3],
        ]
        var seen: Set<[Int]> = []
        for sample in 0..<100 {
            let (row, column, _) = placement(padding: 1, key(sample))
            seen.insert([row, column])
            let pixels = try #require(crops[[row, column]])
            #expect(try applied(PadCrop(padding: 1), to: image, key(sample)) == grey(3, 2, pixels))
        }
        #expect(seen.count == 9)
    }

    /// Also where the crop lies outside of the image, and in colour.
    @Test(arguments: [1, 3], [0, 1, 2, 5])
    func cropsAnySize(channels: Int, padding: Int) throws {
        for (height, width) in [(1, 1), (3, 2), (2, 5)] {
            let pixels = (1...height * width * channels).map { UInt8($0) }
            let image = PixelImage(
                size: ImageSize(height: height, width: width), channels: channels, pixels: pixels)
            for sample in 0..<40 {
                let (row, column, _) = placement(padding: padding, key(sample))
                #expect(
                    try applied(PadCrop(padding: padding), to: image, key(sample))
                        == expected(image, row: row, column: column, mirrored: false))
            }
        }
    }

    @Test func placesAreUniform() throws {
        // The middle pixel of the crop says where the crop lies.
        let places = (0..<225).map { (place: Int) -> UInt8 in UInt8(place / 15 * 16 + place % 15) }
        let image = grey(15, 15, places)
        var rows = [Int](repeating: 0, count: 5)
        var columns = rows
        for sample in 0..<5000 {
            let middle = Int(try applied(PadCrop(padding: 2), to: image, key(sample)).pixels[7 * 15 + 7])
            rows[middle / 16 - 5] += 1
            columns[middle % 16 - 5] += 1
        }
        for count in rows + columns { #expect(abs(count - 1000) < 140) }
    }

    @Test func keepsTheSize() {
        #expect(PadCrop(padding: 3).outputSize(for: nil) == nil)
        let size = ImageSize(height: 4, width: 9)
        #expect(PadCrop(padding: 3).outputSize(for: size) == size)
    }
}

@Suite struct HorizontalFlipTests {
    @Test func mirrorsHalfOfTheImages() throws {
        var mirrored = 0
        for sample in 0..<2000 {
            let result = try applied(
                HorizontalFlip(), to: grey(2, 3, [1, 2, 3, 4, 5, 6]), key(sample))
            let coin = placement(padding: 0, key(sample)).coin
            #expect(result == grey(2, 3, coin ? [3, 2, 1, 6, 5, 4] : [1, 2, 3, 4, 5, 6]))
            mirrored += coin ? 1 : 0
        }
        #expect(abs(mirrored - 1000) < 112)
    }

    /// Colours stay in their order.
    @Test func mirrorsColours() throws {
        let sample = try #require((0..<100).first { placement(padding: 0, key($0)).coin })
        let size = ImageSize(height: 1, width: 2)
        let image = PixelImage(size: size, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
        #expect(
            try applied(HorizontalFlip(), to: image, key(sample))
                == PixelImage(size: size, channels: 3, pixels: [4, 5, 6, 1, 2, 3]))
    }

    @Test func keepsTheSize() {
        #expect(HorizontalFlip().outputSize(for: nil) == nil)
        let size = ImageSize(height: 4, width: 9)
        #expect(HorizontalFlip().outputSize(for: size) == size)
    }
}

@Suite struct ComposedTransformTests {
    private let image = grey(4, 3, (1...12).map { UInt8($0) })

    /// The crop first, then the flip, each as if it were alone.
    @Test(arguments: [0, 1, 2, 9])
    func appliesInOrder(padding: Int) throws {
        let both = ComposedTransform([PadCrop(padding: padding), HorizontalFlip()])
        for sample in 0..<200 {
            for view in ImageView.allCases {
                let key = key(seed: 7, pass: 3, sample, view)
                let (row, column, coin) = placement(padding: padding, key)
                #expect(
                    try applied(both, to: image, key)
                        == expected(image, row: row, column: column, mirrored: coin))
            }
        }
    }

    @Test func theOrderMatters() throws {
        let cropFirst = ComposedTransform([PadCrop(padding: 1), HorizontalFlip()])
        let flipFirst = ComposedTransform([HorizontalFlip(), PadCrop(padding: 1)])
        let differs = try (0..<50).contains {
            try applied(cropFirst, to: image, key($0)) != applied(flipFirst, to: image, key($0))
        }
        #expect(differs)
        #expect(
            try applied(ComposedTransform([FirstPixel(), HorizontalFlip()]), to: image, key())
                == grey(1, 1, [1]))
    }

    @Test func noneChangesNothing() throws {
        for sample in 0..<50 { #expect(try applied(ComposedTransform.none, to: image, key(sample)) == image) }
    }

    @Test func sizesPassThrough() {
        let size = ImageSize(height: 4, width: 9)
        let pixel = ImageSize(height: 1, width: 1)
        #expect(ComposedTransform.none.outputSize(for: size) == size)
        #expect(ComposedTransform.none.outputSize(for: nil) == nil)
        #expect(ComposedTransform([PadCrop(padding: 1), FirstPixel()]).outputSize(for: nil) == pixel)
        #expect(ComposedTransform([FirstPixel(), HorizontalFlip()]).outputSize(for: size) == pixel)
    }

    @Test func drawsDependOnEveryKey() throws {
        let image = grey(16, 16, (0..<256).map { UInt8($0) })
        let transform = ComposedTransform([PadCrop(padding: 7), HorizontalFlip()])
        let keys = [
            key(seed: 1, pass: 2, 3, .first), key(seed: 2, pass: 2, 3, .first),
            key(seed: 1, pass: 3, 3, .first), key(seed: 1, pass: 2, 4, .first),
            key(seed: 1, pass: 2, 3, .second),
        ]
        let results = try keys.map { try applied(transform, to: image, $0).pixels }
        #expect(Set(results).count == keys.count)
        #expect(try applied(transform, to: image, keys[0]).pixels == results[0])
    }

    /// A transform of a user's own draws from a stream of its own.
    @Test func otherTransformsHaveStreamsOfTheirOwn() {
        var words: Set<UInt64> = []
        var placement = KeyedRandom(seed: 1, purpose: .augmentation, 0, 5, 0)
        words.insert(placement.next())
        for transform in 0..<4 {
            var random = key(5).random(transform)
            words.insert(random.next())
        }
        #expect(words.count == 5)
    }
}

@Suite struct ImagePipelineTests {
    private let sizes = [ImageSize(height: 2, width: 2), ImageSize(height: 3, width: 2)]

    @Test func theShapeIsKnownBeforehand() throws {
        let set = MemoryDataset(labels: [0, 0])
        #expect(try ImagePipeline.plain(PadCrop(padding: 1)).outputShape(of: set) == [3, 2, 2])
        #expect(try ImagePipeline.plain(FirstPixel()).outputShape(of: set) == [3, 1, 1])
    }

    @Test func imagesOfDifferentSizesNeedATransform() throws {
        let set = MemoryDataset(labels: [0, 0, 0], sizes: sizes)
        let subset = try Subset.training(of: set)
        let error = #expect(throws: DataError.self) {
            try EvaluationLoader(
                subset: subset, pipeline: .plain(HorizontalFlip()), batchSize: 3, shard: .whole)
        }
        #expect(error?.kind == .setting && error?.path == "memory")
        #expect(error?.detail.contains("0 is 2 × 2 pixels, 1 is 3 × 2") == true)
        let loader = try BatchLoader(
            subset: subset, pipeline: .plain(FirstPixel()), seed: 0, shard: .whole, globalBatch: 3,
            shuffle: false)
        #expect(
            try loader.batch(step: 0).images.elements
                == [0, 0, 0, 16, 16, 16, 32, 32, 32].map { Float($0) / 255 })
    }

    /// An image that breaks what its data set or its transform promised.
    @Test func everySizeIsChecked() throws {
        struct Promise: ImageTransform {
            func outputSize(for input: ImageSize?) -> ImageSize? { ImageSize(height: 2, width: 2) }

            func apply(
                to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
            ) throws(DataError) {}
        }
        let set = MemoryDataset(labels: [0, 0, 0], sizes: sizes)
        let loader = try EvaluationLoader(
            subset: .training(of: set), pipeline: .plain(Promise()), batchSize: 1, shard: .whole)
        #expect(try loader.batch(0).images.elements == set.values(0))
        let error = #expect(throws: DataError.self) { try loader.batch(1) }
        #expect(error?.kind == .format)
        #expect(error?.detail.contains("image 1 is 3 × 2 pixels after the transform; expected 2 × 2") == true)
    }

    @Test func evaluationMustGiveTheShapeOfTraining() throws {
        let pipeline = try ImagePipeline.plain()
        let set = MemoryDataset(labels: [0])
        try pipeline.requireShape([3, 2, 2], of: set)
        let error = #expect(throws: DataError.self) { try pipeline.requireShape([3, 4, 2], of: set) }
        #expect(error?.kind == .format && error?.detail.contains("[3, 2, 2]") == true)
        #expect(error?.detail.contains("[3, 4, 2]") == true)
    }

    /// What lies outside of an image is black before normalization.
    @Test func transformsComeBeforeNormalization() throws {
        let sample = try #require((0..<50).first { placement(padding: 9, key(seed: 0, $0)).row > 2 })
        let set = MemoryDataset(labels: [Int](repeating: 0, count: sample + 1))
        let loader = try BatchLoader(
            subset: .training(of: set),
            pipeline: ImagePipeline(
                transform: ComposedTransform([PadCrop(padding: 9)]), normalization: .imageNet),
            seed: 0, shard: .whole, globalBatch: sample + 1, shuffle: false)
        let values = try loader.batch(step: 0).images.rows(sample..<sample + 1).elements
        #expect([values[0], values[4], values[8]] == [-2.117904, -2.0357141, -1.8044444])
    }

    /// Three colours keep their own mean and deviation; grey becomes three.
    @Test func normalizesEachColour() throws {
        struct Colours: ImageDataset, PixelSource {
            let path = "colours"
            let count = 1
            let classCount = 1
            let fingerprint: UInt64 = 0
            let commonSize: ImageSize? = ImageSize(height: 1, width: 2)
            var content: ImageContent { .pixels(self) }

            func label(_ index: Int) -> Int { 0 }

            func size(_ index: Int) throws(DataError) -> ImageSize { ImageSize(height: 1, width: 2) }

            func decode(
                _ index: Int, _ request: PixelRequest, into image: inout PixelImage
            ) throws(DataError) {
                image = PixelImage(
                    size: ImageSize(height: 1, width: 2), channels: 3, pixels: [0, 51, 102, 153, 204, 255])
            }
        }
        let normalization = try Normalization(
            mean: [0, 0.5, 0.25], standardDeviation: [1, 0.5, 0.25])
        let loader = try EvaluationLoader(
            subset: .training(of: Colours()),
            pipeline: ImagePipeline(transform: .none, normalization: normalization), batchSize: 1,
            shard: .whole)
        let images = try loader.batch(0).images
        #expect(images.shape == [1, 3, 1, 2])
        let expected: [Float] = [0, 0.6, -0.6, 0.6, 0.6, 3]
        for (value, reference) in zip(images.elements, expected) {
            #expect(abs(value - reference) <= 1e-6 + 1e-6 * abs(reference))
        }
    }
}

@Suite struct PixelImageTests {
    /// Also when it grows and shrinks in between.
    @Test func aBufferTakesAnySize() {
        var image = PixelImage()
        for (height, width, channels) in [(4, 4, 3), (1, 2, 1), (3, 3, 3)] {
            image.reshape(ImageSize(height: height, width: width), channels: channels)
            image.withMutablePixels { pixels in
                for offset in 0..<pixels.count { pixels[offset] = UInt8(offset) }
            }
            #expect(image.size == ImageSize(height: height, width: width) && image.channels == channels)
            #expect(image.pixels == (0..<height * width * channels).map { UInt8($0) })
        }
    }
}
