/// A rectangle of the pixels of an image.
public struct PixelRegion: Sendable, Hashable, CustomStringConvertible {
    /// The first row, from 0.
    public let top: Int
    /// The first column, from 0.
    public let left: Int
    /// Height and width.
    public let size: ImageSize

    /// A rectangle of at least one pixel, in an image that begins at row and column 0, or it traps.
    public init(top: Int, left: Int, size: ImageSize) {
        precondition(
            top >= 0 && left >= 0 && size.height >= 1 && size.width >= 1,
            "a region of \(size) at row \(top) and column \(left)")
        (self.top, self.left, self.size) = (top, left, size)
    }

    /// All of an image.
    public init(all size: ImageSize) { self.init(top: 0, left: 0, size: size) }

    /// The rows.
    public var rows: Range<Int> { top..<top + size.height }
    /// The columns.
    public var columns: Range<Int> { left..<left + size.width }

    /// Size and place, for messages.
    public var description: String { "\(size) at row \(top), column \(left)" }
}

/// What of an image is wanted of a decoder.
public struct PixelRequest: Sendable, Hashable {
    /// The part that is looked at; nil for all of it.
    public let region: PixelRegion?
    /// Nil where the pixels are wanted as they are. Else a decoder that can do so cheaply may give the part at a
    /// reduced scale, as long as neither side becomes smaller than this; whoever asks resizes it anyway.
    public let smallestSize: ImageSize?

    /// A request; without arguments, for the whole image as it is.
    public init(region: PixelRegion? = nil, smallestSize: ImageSize? = nil) {
        (self.region, self.smallestSize) = (region, smallestSize)
    }

    /// The whole image as it is.
    public static let all = PixelRequest()
}
