/// Height and width of an image in pixels.
public struct ImageSize: Sendable, Hashable, CustomStringConvertible {
    /// Rows.
    public let height: Int
    /// Columns.
    public let width: Int

    /// A size of at least one pixel each way.
    public init(height: Int, width: Int) {
        precondition(height >= 1 && width >= 1, "an image of \(height) rows and \(width) columns")
        (self.height, self.width) = (height, width)
    }

    /// The shorter of the two sides.
    public var shorterSide: Int { min(height, width) }

    /// `height × width`.
    public var description: String { "\(height) × \(width)" }
}
