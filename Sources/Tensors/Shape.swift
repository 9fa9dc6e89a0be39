/// The logical extent of a tensor, outermost dimension first.
///
/// Images and feature maps are always `[N, C, H, W]`: samples, channels, rows, columns, whatever the
/// storage looks like. Features are `[N, F]`, weights of convolutions `[O, I / groups, KH, KW]`.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The extents; empty for a scalar.
    public let dimensions: [Int]

    /// A shape of the given extents, none of them negative.
    public init(_ dimensions: [Int]) {
        precondition(dimensions.allSatisfy { $0 >= 0 }, "negative extent in shape \(dimensions)")
        self.dimensions = dimensions
    }

    /// A shape from its extents: `[8, 3, 224, 224]`.
    public init(arrayLiteral elements: Int...) { self.init(elements) }

    /// Number of dimensions; 0 for a scalar.
    public var rank: Int { dimensions.count }

    /// Number of elements; 1 for a scalar.
    public var count: Int { dimensions.reduce(1, *) }

    /// The extent of one dimension.
    public subscript(index: Int) -> Int { dimensions[index] }

    /// For example `[8, 3, 224, 224]`.
    public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
