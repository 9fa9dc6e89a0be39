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

extension Tape {
    /// This rank's share of the sum of the k smallest σ² of the **global** batch's features `[B, F]`.
    ///
    /// The features are gathered in rank order and every rank computes the same spectrum. Rank 0's share of
    /// the value is all of it and that of the others is 0: that sums exactly, where R parts of `value / R`
    /// would round. The gradient by this rank's rows is that of the whole term on every rank, because no other
    /// rank has these rows: scale the shares alike, and the sum of the parameters' gradients is that of one
    /// process with the whole batch.
    /// Chen, Wang, Fu, Long and Wang, Catastrophic forgetting meets negative transfer: batch spectral shrinkage
    /// for safe transfer learning, NeurIPS 2019.
    ///
    /// - Parameters:
    ///   - features: `[N, F]`, the samples of this rank; N may differ between ranks.
    ///   - k: How many singular values count; see `SingularValueCountError.check`.
    ///   - group: The ranks that share the batch.
    /// - Returns: A scalar.
    /// - Throws: What `smallestSingularValues` of one process throws, the same on every rank, with rows counted
    ///   in the global batch; `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func smallestSingularValues(
        _ features: Variable, count k: Int, over group: any ProcessGroup
    ) throws -> Variable {
        let gathered = try GatheredFeatures(features.value, over: group)
        return try smallestSingularValues(
            features, ofBatch: gathered.batch, from: gathered.rows.lowerBound, count: k,
            countsValue: group.rank == 0)
    }
}
