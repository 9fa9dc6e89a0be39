public import ProcessGroups

/// How gradients travel between ranks.
public struct CommunicationSettings: Sendable {
    /// How the all-reduce overlaps with the backward pass; nil: each strategy is tried, and the fastest taken.
    public var overlap: OverlapStrategy?
    /// Between whom gradients travel.
    public var topology: AllReduceTopology
    /// How numbers travel.
    public var wireFormat: WireFormat
    /// Bytes of a bucket, which is all-reduced as one; nil: 256 KiB, and more over many ranks, or in
    /// two levels over many hosts.
    public var bucketBytes: Int?

    /// Settings from their values.
    public init(
        overlap: OverlapStrategy? = nil, topology: AllReduceTopology = .auto,
        wireFormat: WireFormat = .float32,
        bucketBytes: Int? = nil
    ) {
        (self.overlap, self.topology) = (overlap, topology)
        (self.wireFormat, self.bucketBytes) = (wireFormat, bucketBytes)
    }
}
