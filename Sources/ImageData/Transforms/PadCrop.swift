internal import Tensors

/// Pads an image by black pixels on each side and crops it back to its size at a random place.
///
/// Black is 0 before normalization.
public struct PadCrop: ImageTransform {
    /// Black pixels on each side.
    public let padding: Int

    /// A crop out of so much padding, in pixels.
    public init(padding: Int) {
        precondition(padding >= 0, "negative padding \(padding)")
        self.padding = padding
    }

    /// The usual crop for small images: padding of an eighth of the size, rounded down to an even number.
    ///
    /// 32 pixels are padded by 4, 28 by 2.
    ///
    /// - Parameter imageSize: The shorter side of the images, in pixels.
    public init(imageSize: Int) { self.init(padding: imageSize / 16 * 2) }

    /// The size of the input.
    public func outputSize(for input: ImageSize?) -> ImageSize? { input }

    /// Crops at the place that the key says.
    public func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        let (row, column) = offset(key)
        let (size, channels) = (image.size, image.channels)
        let (rowValues, shift) = (size.width * channels, column * channels)
        // Values of a row that lie inside of the image as well.
        let inside = min(max(0, -shift), rowValues)..<max(min(rowValues, rowValues - shift), 0)
        scratch.image.reshape(size, channels: channels)
        let source = image.pixels
        scratch.image.withMutablePixels { target in
            for targetRow in 0..<size.height {
                let first = targetRow * rowValues
                let sourceRow = targetRow + row
                let copied =
                    sourceRow >= 0 && sourceRow < size.height && !inside.isEmpty ? inside : 0..<0
                for value in 0..<copied.lowerBound { target[first + value] = 0 }
                for value in copied {
                    target[first + value] = source[sourceRow * rowValues + shift + value]
                }
                for value in copied.upperBound..<rowValues { target[first + value] = 0 }
            }
        }
        swap(&image, &scratch.image)
    }

    /// Row and column of the image that become the first ones; negative where black comes before them.
    func offset(_ key: AugmentationKey) -> (row: Int, column: Int) {
        var random = key.placement
        let row = random.integer(below: 2 * padding + 1) - padding
        let column = random.integer(below: 2 * padding + 1) - padding
        return (row, column)
    }
}
