public import ProcessGroups

/// How gradients travel between ranks.
public struct CommunicationSettings: Sendable {
    /// How the all-reduce overlaps with the backward pass; nil: each strategy is tried, and the fastest taken.
    public var overlap: OverlapStrategy?
    /// How numbers travel.
    public var wireFormat: WireFormat
    /// Bytes of a bucket, which is all-reduced as one; nil: `GradientBuckets.bytes(ranks:)`.
    public var bucketBytes: Int?

    /// Settings from their values.
    public init(
        overlap: OverlapStrategy? = nil, wireFormat: WireFormat = .float32, bucketBytes: Int? = nil
    ) {
        (self.overlap, self.wireFormat, self.bucketBytes) = (overlap, wireFormat, bucketBytes)
    }
}
