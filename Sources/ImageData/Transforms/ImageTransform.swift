/// A change of a decoded image, such as a crop or a flip.
///
/// Transforms are values: what they do to an image depends on the image, their settings and the key alone.
/// `ComposedTransform` applies several in order.
public protocol ImageTransform: Sendable {
    /// The size of what comes out.
    ///
    /// - Parameter input: The size of what goes in; nil where it differs from image to image.
    /// - Returns: nil where the size of what comes out differs from image to image.
    func outputSize(for input: ImageSize?) -> ImageSize?

    /// Changes an image.
    ///
    /// - Parameters:
    ///   - image: What is changed.
    ///   - scratch: Buffers with arbitrary contents for a transform that does not work in place: it writes its
    ///     result to `scratch.image` and swaps the two.
    ///   - key: What draws depend on.
    /// - Throws: `DataError` where the image cannot be changed so, for example because it is too small.
    func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError)
}
