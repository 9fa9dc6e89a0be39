public import Tensors

/// What happens to an image between the data set and the batch: decode, **transform, normalize**, collate.
///
/// The data set decodes, `BatchAssembler` collates; the two steps between are values of the loader's user. Prepared
/// images take neither.
public struct ImagePipeline: Sendable {
    /// What changes the pixels.
    public let transform: ComposedTransform
    /// What pixels are normalized by.
    public let normalization: Normalization

    /// Whether a decoder may give an image that is resized next at a reduced scale, where that is cheaper. Pixels
    /// then differ from those of the image at full scale.
    public let reducesScale: Bool

    /// A pipeline from its steps.
    public init(transform: ComposedTransform, normalization: Normalization, reducesScale: Bool = false) {
        (self.transform, self.normalization) = (transform, normalization)
        self.reducesScale = reducesScale
    }

    /// The shape `[C, H, W]` of every image of a data set at the end of the pipeline. Images of one channel
    /// become three equal ones.
    ///
    /// - Throws: `DataError` where the images are prepared and the transform would change them, or where it does
    ///   not bring images of different sizes to one.
    public func outputShape(of dataset: any ImageDataset) throws(DataError) -> Shape {
        switch dataset.content {
        case .prepared(let prepared):
            guard transform.steps.isEmpty else {
                throw DataError(
                    .setting, path: dataset.path,
                    "holds prepared images, which are used as they are; set data.train-transform and "
                        + "data.validation-transform to none and leave horizontal-flip and color-jitter out")
            }
            return Shape(Array(prepared.images.shape.dimensions.dropFirst()))
        case .pixels(let source):
            if let size = transform.outputSize(for: source.commonSize) {
                return [3, size.height, size.width]
            }
            throw DataError(
                .setting, path: dataset.path,
                try Self.difference(dataset, source) + "; choose a transform that brings all to one size")
        }
    }

    /// Makes sure that images of a data set come out of the pipeline as those for training do.
    ///
    /// - Throws: `DataError`, of kind `format` where the shape is another; what `outputShape` throws.
    public func requireShape(_ training: Shape, of dataset: any ImageDataset) throws(DataError) {
        let shape = try outputShape(of: dataset)
        guard shape == training else {
            throw DataError(
                .format, path: dataset.path,
                "images have size \(shape), those for training \(training); both must be equal: resize both alike with data.image-size, data.train-transform and data.validation-transform"
            )
        }
    }

    /// Decodes and transforms one image. Where the transform begins with the choice of a part, nothing but that
    /// part is decoded.
    ///
    /// - Throws: `DataError` where the image cannot be decoded or transformed.
    func pixels(
        of source: any PixelSource, _ index: Int, into image: inout PixelImage,
        scratch: inout TransformScratch,
        key: AugmentationKey
    ) throws(DataError) {
        try transform.decode(
            source, index, reducing: reducesScale, into: &image, scratch: &scratch, key: key)
    }

    /// Two images that differ in size.
    private static func difference(
        _ dataset: any ImageDataset, _ source: any PixelSource
    ) throws(DataError) -> String {
        let first = try source.size(0)
        for index in 1..<max(1, dataset.count) {
            let size = try source.size(index)
            guard size == first else {
                return "images differ in size: \(dataset.identifier(0)) is \(first) pixels, "
                    + "\(dataset.identifier(index)) is \(size)"
            }
        }
        return "the size of images after the transform differs"
    }
}
