internal import Tensors

/// Mirrors half of the images: left and right change places.
public struct HorizontalFlip: ImageTransform {
    /// A flip with probability one half.
    public init() {}

    /// The size of the input.
    public func outputSize(for input: ImageSize?) -> ImageSize? { input }

    /// Mirrors the image if the key says so.
    public func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        if mirrors(key) { image.mirror() }
    }

    /// Whether the image of a key is mirrored.
    func mirrors(_ key: AugmentationKey) -> Bool {
        var random = key.placement
        // The first two words are the crop's, with or without one.
        _ = (random.next(), random.next())
        return random.next() >> 63 == 1
    }
}
