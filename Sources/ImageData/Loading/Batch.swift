public import Tensors

/// Samples ready for a network: one rank's share of a step, or a part of an evaluation.
public struct Batch: Sendable {
    /// Images `[N, C, H, W]`, dense; `N` is this rank's number of samples and may be 0.
    public let images: Tensor
    /// A second image of each sample, of the same shape, where it was asked for.
    public let secondView: Tensor?
    /// Class of each sample, `0 ..< K`.
    public let labels: [Int]
    /// Index of each sample in its data set: what `ImageDataset.identifier` takes.
    public let indices: [Int]
    /// Position of each sample in its subset, `0 ..< subset.count`: the row of a table with one row a sample.
    public let positions: [Int]

    /// A batch from its parts.
    public init(
        images: Tensor, secondView: Tensor? = nil, labels: [Int], indices: [Int], positions: [Int]
    ) {
        (self.images, self.secondView, self.labels) = (images, secondView, labels)
        (self.indices, self.positions) = (indices, positions)
    }

    /// Number of samples of this rank.
    public var count: Int { labels.count }
}
