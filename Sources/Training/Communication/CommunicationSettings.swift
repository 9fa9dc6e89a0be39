public import ProcessGroups

/// How gradients travel between ranks.
public struct CommunicationSettings: Sendable {
    /// How sums go on while the backward pass computes; nil: each way is tried, and the fastest taken.
    public var overlap: OverlapStrategy?
    /// How numbers travel.
    public var wireFormat: WireFormat
    /// Bytes that are summed at a time; nil: `GradientBuckets.bytes(ranks:)`.
    public var bucketBytes: Int?

    /// Settings from their values.
    public init(
        overlap: OverlapStrategy? = nil, wireFormat: WireFormat = .float32, bucketBytes: Int? = nil
    ) {
        (self.overlap, self.wireFormat, self.bucketBytes) = (overlap, wireFormat, bucketBytes)
    }
}
