internal import Tensors

/// Crops images at a random place, as torchvision's `RandomCrop` without padding.
///
/// An image with a shorter side keeps that side as it is.
public struct RandomCrop: RegionTransform {
    /// Height and width of what is kept.
    public let size: ImageSize

    /// A crop of a size.
    public init(size: ImageSize) { self.size = size }

    /// The size of the crop; less where the image is smaller.
    public func outputSize(for input: ImageSize?) -> ImageSize? { input.map(size.within) ?? size }

    /// A place at which each is equally likely.
    public func region(of size: ImageSize, key: AugmentationKey) -> PixelRegion {
        let crop = self.size.within(size)
        var random = key.random(2)
        let top = random.integer(below: size.height - crop.height + 1)
        let left = random.integer(below: size.width - crop.width + 1)
        return PixelRegion(top: top, left: left, size: crop)
    }
}

extension ImageSize {
    /// The size without what is longer than in another.
    func within(_ other: ImageSize) -> ImageSize {
        ImageSize(height: min(height, other.height), width: min(width, other.width))
    }
}
