/// Resizes images so that their shorter side has a length, and keeps their shape, as torchvision's `Resize(length)`:
/// the longer side is `length · long / short`, rounded down.
public struct ShorterSideResize: ResizeTransform {
    /// The shorter side of what comes out, in pixels.
    public let length: Int
    /// How pixels are weighted.
    public let interpolation: Interpolation

    /// A change to a length of the shorter side, at least 1.
    public init(to length: Int, _ interpolation: Interpolation = .bilinear) {
        precondition(length >= 1, "a shorter side of \(length) pixels")
        (self.length, self.interpolation) = (length, interpolation)
    }

    /// The shorter side as asked for, the longer one in proportion.
    public func size(after size: ImageSize) -> ImageSize {
        size.width <= size.height
            ? ImageSize(height: length * size.height / size.width, width: length)
            : ImageSize(height: length, width: length * size.width / size.height)
    }
}
