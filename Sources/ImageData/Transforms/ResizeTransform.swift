/// A transform that resizes all of an image.
///
/// Where a crop follows, only what it keeps is computed.
public protocol ResizeTransform: ImageTransform {
    /// How pixels are weighted.
    var interpolation: Interpolation { get }

    /// The size of what comes out.
    ///
    /// - Parameter size: The size of the image, at least one pixel.
    func size(after size: ImageSize) -> ImageSize
}

extension ResizeTransform {
    /// The size of what comes out; nil where it differs from image to image.
    public func outputSize(for input: ImageSize?) -> ImageSize? { input.map(size(after:)) }

    /// Resizes the image.
    public func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        let size = size(after: image.size)
        image.resize(to: size, keeping: PixelRegion(all: size), interpolation, by: &scratch)
    }
}
