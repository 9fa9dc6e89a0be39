/// Resizes images to one height and width, whatever their shape, as torchvision's `Resize((height, width))`.
///
/// Equal to Pillow's `resize` on 8-bit images, bit for bit.
public struct Resize: ResizeTransform {
    /// Height and width of what comes out.
    public let size: ImageSize
    /// How pixels are weighted.
    public let interpolation: Interpolation

    /// A change to a size.
    public init(to size: ImageSize, _ interpolation: Interpolation = .bilinear) {
        (self.size, self.interpolation) = (size, interpolation)
    }

    /// The size that was asked for.
    public func size(after size: ImageSize) -> ImageSize { self.size }

    /// The size that was asked for, whatever the input's.
    public func outputSize(for input: ImageSize?) -> ImageSize? { size }
}
