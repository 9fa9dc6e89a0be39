import ImageData
import TestSupport
import Testing

/// Decoding, transforms and normalization together.
@Suite struct PipelineTests {
    private static let size = ImageSize(height: 12, width: 10)
    private static let sizes = [(40, 30), (13, 60), (1, 1), (1, 100), (100, 1), (25, 25)]
    private static let source = PictureSource(pictures: sizes.map { noise($0, $1) })

    /// Each as a run puts it together.
    private static let transforms: [ComposedTransform] = [
        ComposedTransform([RandomResizedCrop(), Resize(to: size), HorizontalFlip(), ColorJitter(0.3)]),
        ComposedTransform([
            Resize(to: ImageSize(height: 14, width: 12), .bicubic), RandomCrop(size: size), HorizontalFlip(),
        ]),
        ComposedTransform([ShorterSideResize(to: 14), CenterCrop(size: size)]),
        ComposedTransform([CenterCrop(size: size)]),
        ComposedTransform([Resize(to: size), PadCrop(padding: 2), HorizontalFlip()]),
    ]

    private func batches(_ transform: ComposedTransform, workers: Int) throws -> [[Float]] {
        let loader = try BatchLoader(
            subset: .training(of: Self.source),
            pipeline: ImagePipeline(transform: transform, normalization: .plain()), seed: 5, shard: .whole,
            globalBatch: 4, workers: workers)
        return try (0..<6).map { try loader.batch(step: $0).images.elements }
    }

    @Test(arguments: transforms.indices)
    func workersMakeNoDifference(index: Int) throws {
        let transform = Self.transforms[index]
        #expect(try batches(transform, workers: 1) == batches(transform, workers: 3))
    }

    /// Decoding a part gives what decoding all and then cropping gives.
    @Test(arguments: transforms.indices)
    func decodingAPartEqualsCroppingTheWhole(index: Int) throws {
        let transform = Self.transforms[index]
        let loader = try BatchLoader(
            subset: .training(of: Self.source),
            pipeline: ImagePipeline(transform: transform, normalization: .plain()), seed: 5, shard: .whole,
            globalBatch: Self.sizes.count, shuffle: false)
        for pass in 0..<4 {
            let batch = try loader.batch(step: pass)
            for sample in Self.sizes.indices {
                let key = key(seed: 5, pass: pass, sample)
                var image = Self.source.pictures[sample]
                for step in transform.steps { image = try applied(AnyStep(step: step), to: image, key) }
                #expect(image.size == Self.size)
                let expected = (0..<3).flatMap { colour in
                    stride(from: colour, to: image.pixels.count, by: 3).map { Float(image.pixels[$0]) / 255 }
                }
                #expect(batch.images.rows(sample..<sample + 1).elements == expected, "sample \(sample)")
            }
        }
    }

    /// One step at a time.
    private struct AnyStep: ImageTransform {
        let step: any ImageTransform

        func outputSize(for input: ImageSize?) -> ImageSize? { step.outputSize(for: input) }

        func apply(
            to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
        ) throws(DataError) {
            try step.apply(to: &image, scratch: &scratch, key: key)
        }
    }

    /// At a reduced scale sizes are those of the full scale, and nothing but an image that is resized is reduced.
    @Test func aReducedScaleKeepsTheGeometry() throws {
        let size = ImageSize(height: 20, width: 20)
        // Even columns rise by 1 in two pixels; odd ones lie 2 higher, which a reduced scale leaves out.
        let row: [UInt8] = (0..<500).map { (column: Int) -> UInt8 in UInt8(column / 2 + column % 2 * 2) }
        let flat = PixelImage(
            size: ImageSize(height: 375, width: 500), channels: 1,
            pixels: (0..<375).flatMap { _ in row })
        let source = PictureSource(pictures: [flat])
        func values(_ steps: [any ImageTransform], reduces: Bool) throws -> [Float] {
            let loader = try BatchLoader(
                subset: .training(of: source),
                pipeline: ImagePipeline(
                    transform: ComposedTransform(steps), normalization: .plain(), reducesScale: reduces),
                seed: 5, shard: .whole, globalBatch: 1)
            return try loader.batch(step: 0).images.elements.map { $0 * 255 }
        }
        for steps: [any ImageTransform] in [
            [ShorterSideResize(to: 24), CenterCrop(size: size)], [RandomResizedCrop(), Resize(to: size)],
        ] {
            let (full, reduced) = (try values(steps, reduces: false), try values(steps, reduces: true))
            #expect(full != reduced)
            #expect(zip(full, reduced).allSatisfy { abs($0 - $1) <= 2 })
        }
        let crop: [any ImageTransform] = [RandomCrop(size: size)]
        #expect(try values(crop, reduces: true) == values(crop, reduces: false))
    }

    /// The middle of a photograph, normalized as torchvision does.
    @Test func normalizationEqualsTorchvision() throws {
        let references = try ReferenceImages.golden()
        let source = PictureSource(pictures: [try references.image("output.decoded.rgb.png")])
        let crop = CenterCrop(size: ImageSize(height: 96, width: 96))
        let loader = try EvaluationLoader(
            subset: .training(of: source),
            pipeline: ImagePipeline(transform: ComposedTransform([crop]), normalization: .imageNet),
            batchSize: 1, shard: .whole)
        let expected = try references.values("output.normalized96").map(Double.init)
        let values = try loader.batch(0).images.elements.map(Double.init)
        #expect(mismatch(values, expected, absolute: 1e-6, relative: 1e-6) == nil)
    }
}
