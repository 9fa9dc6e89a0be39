/// Crops the middle of images, as torchvision's `CenterCrop`: what is missing of a smaller image is black.
public struct CenterCrop: RegionTransform {
    /// Height and width of what comes out.
    public let size: ImageSize

    /// A crop of a size.
    public init(size: ImageSize) { self.size = size }

    /// The size of the crop.
    public func outputSize(for input: ImageSize?) -> ImageSize? { size }

    /// The middle, as far as it lies within the image.
    public func region(of size: ImageSize, key: AugmentationKey) -> PixelRegion {
        let crop = self.size.within(size)
        return PixelRegion(
            top: Self.middle(size.height - crop.height), left: Self.middle(size.width - crop.width),
            size: crop)
    }

    /// Puts black around what is smaller than the crop.
    public func complete(_ image: inout PixelImage, scratch: inout TransformScratch) {
        guard image.size != size else { return }
        let (inner, channels) = (image.size, image.channels)
        let (top, left) = ((size.height - inner.height) / 2, (size.width - inner.width) / 2)
        scratch.image.reshape(size, channels: channels)
        let source = image.pixels
        let (rowCount, innerCount) = (size.width * channels, inner.width * channels)
        scratch.image.withMutablePixels { target in
            for value in 0..<target.count { target[value] = 0 }
            for row in 0..<inner.height {
                let first = (top + row) * rowCount + left * channels
                for value in 0..<innerCount { target[first + value] = source[row * innerCount + value] }
            }
        }
        swap(&image, &scratch.image)
    }

    /// Half of what is left over, a half pixel to the even neighbour, as Python rounds.
    static func middle(_ rest: Int) -> Int { Int((Double(rest) / 2).rounded(.toNearestOrEven)) }
}
