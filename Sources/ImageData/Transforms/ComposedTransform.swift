/// Transforms one after the other.
public struct ComposedTransform: ImageTransform {
    /// The transforms, the first one first.
    public let steps: [any ImageTransform]

    /// What is done at once.
    private enum Stage: Sendable {
        /// Keeps a part; the first stage has it decoded alone.
        case crop(any RegionTransform)
        /// Resizes, as far as a following crop keeps the result.
        case resize(any ResizeTransform, any RegionTransform)
        /// Anything else.
        case other(any ImageTransform)
    }

    private let stages: [Stage]

    /// A composition of transforms; without any, images stay as they are.
    public init(_ steps: [any ImageTransform]) {
        self.steps = steps
        var stages: [Stage] = []
        var rest = steps[...]
        while let step = rest.popFirst() {
            switch step {
            case let resize as any ResizeTransform:
                let crop = rest.first as? any RegionTransform
                if crop != nil { rest.removeFirst() }
                stages.append(.resize(resize, crop ?? WholeImage()))
            case let crop as any RegionTransform: stages.append(.crop(crop))
            default: stages.append(.other(step))
            }
        }
        self.stages = stages
    }

    /// Images as they are.
    public static let none = ComposedTransform([])

    /// The transforms, then those of another composition.
    public func followed(by other: ComposedTransform) -> ComposedTransform {
        ComposedTransform(steps + other.steps)
    }

    /// The size after the last step.
    public func outputSize(for input: ImageSize?) -> ImageSize? {
        steps.reduce(input) { size, step in step.outputSize(for: size) }
    }

    /// Applies each step to the result of the one before. Pixels that a crop would throw away are not computed.
    public func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        try apply(stages[...], to: &image, of: image.size, scratch: &scratch, key: key)
    }

    /// Decodes and transforms one image. Where a crop comes first, nothing but its part is decoded.
    ///
    /// - Parameters:
    ///   - reducing: Whether a decoder may give an image that is resized next at a reduced scale.
    ///   - source: The images.
    ///   - index: Which of them.
    /// - Throws: `DataError` where the image cannot be decoded or transformed.
    func decode(
        _ source: any PixelSource, _ index: Int, reducing: Bool, into image: inout PixelImage,
        scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        var rest = stages[...]
        var (part, crop): (PixelRegion?, (any RegionTransform)?)
        var size: ImageSize?
        if case .crop(let first) = rest.first {
            rest.removeFirst()
            let region = first.region(of: try source.size(index), key: key)
            (part, crop, size) = (region, first, region.size)
        }
        var smallest: ImageSize?
        if reducing, case .resize(let resize, _) = rest.first {
            if size == nil { size = try source.size(index) }
            smallest = size.map(resize.size(after:))
        }
        try source.decode(index, PixelRequest(region: part, smallestSize: smallest), into: &image)
        crop?.complete(&image, scratch: &scratch)
        // Of an image at a reduced scale the size is that which it would have at full scale.
        try apply(
            rest, to: &image, of: (smallest == nil ? nil : size) ?? image.size, scratch: &scratch, key: key)
    }

    /// - Parameter size: The size that the image counts as having.
    private func apply(
        _ stages: ArraySlice<Stage>, to image: inout PixelImage, of size: ImageSize,
        scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        var size = size
        for stage in stages {
            switch stage {
            case .resize(let resize, let crop):
                let whole = resize.size(after: size)
                image.resize(
                    to: whole, keeping: crop.region(of: whole, key: key), resize.interpolation, by: &scratch)
                crop.complete(&image, scratch: &scratch)
            case .crop(let crop): try crop.apply(to: &image, scratch: &scratch, key: key)
            case .other(let step): try step.apply(to: &image, scratch: &scratch, key: key)
            }
            size = image.size
        }
    }
}

/// The crop that keeps everything.
private struct WholeImage: RegionTransform {
    func outputSize(for input: ImageSize?) -> ImageSize? { input }

    func region(of size: ImageSize, key: AugmentationKey) -> PixelRegion { PixelRegion(all: size) }
}
