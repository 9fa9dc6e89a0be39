/// Mirrors every image: left and right change places.
public struct Mirror: ImageTransform {
    /// A flip without a draw.
    public init() {}

    /// The size of the input.
    public func outputSize(for input: ImageSize?) -> ImageSize? { input }

    /// Mirrors the image.
    public func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        image.mirror()
    }
}

extension PixelImage {
    /// Lets left and right change places.
    mutating func mirror() {
        let (size, channels) = (size, channels)
        withMutablePixels { pixels in
            for row in 0..<size.height {
                var left = row * size.width * channels
                var right = left + (size.width - 1) * channels
                // All indices lie in the row.
                while left < right {
                    for channel in 0..<channels {
                        let value = pixels[unchecked: left &+ channel]
                        pixels[unchecked: left &+ channel] = pixels[unchecked: right &+ channel]
                        pixels[unchecked: right &+ channel] = value
                    }
                    (left, right) = (left &+ channels, right &- channels)
                }
            }
        }
    }
}
