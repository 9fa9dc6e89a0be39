public import ProcessGroups
public import Tensors

/// The features of a global batch, put together from those of all ranks.
public struct GatheredFeatures: Sendable {
    /// `[B, F]`: the rows of rank 0, then those of rank 1, and so on; equal on every rank.
    public let batch: Tensor
    /// Which rows are this rank's.
    public let rows: Range<Int>

    /// Gathers the rows of all ranks.
    ///
    /// - Parameters:
    ///   - features: `[N, F]`, this rank's; N may differ between ranks, F may not.
    ///   - group: The ranks that share the batch.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public init(_ features: Tensor, over group: any ProcessGroup) throws {
        precondition(features.shape.rank == 2, "features of \(features.shape)")
        let counts = try group.allGather([Int64(features.shape[0])]).map(Int.init)
        let all = try group.allGather(features.elements)
        // The initializer traps where a rank has features of another width.
        batch = Tensor([counts.reduce(0, +), features.shape[1]], all)
        let first = counts[..<group.rank].reduce(0, +)
        rows = first..<first + features.shape[0]
    }
}
