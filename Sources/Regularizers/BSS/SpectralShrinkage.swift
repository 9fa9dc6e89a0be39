public import ProcessGroups
public import Tensors

extension Tape {
    /// This rank's share of batch spectral shrinkage: the k smallest squared singular values of the **global**
    /// batch's features `[B, F]`,
    ///
    ///     Σ_{i ≤ k} σ_i² = Σ_{i ≤ k} ‖u_iᵀ · F‖²,   gradient 2 · Σ u_i · u_iᵀ · F
    ///
    /// with u the eigenvectors of the smaller Gram matrix, `F · Fᵀ` or, through the right singular vectors,
    /// `Fᵀ · F`, in 64 bits. Only the k smallest are computed.
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
    ///   - k: How many singular values count, `1 ... min(B, F)`; see `SingularValueCountError.check`.
    ///   - group: The ranks that share the batch; one process alone, unless given.
    /// - Returns: A scalar.
    /// - Throws: `SingularValueCountError` where k exceeds min(B, F), `NonFiniteError` for a non-finite feature,
    ///   with its row in the global batch, `EigenvectorError` where LAPACK fails; the same on every rank.
    ///   `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func spectralShrinkage(
        _ features: Variable, count k: Int = 1, over group: any ProcessGroup = SoloGroup()
    ) throws -> Variable {
        let gathered = try GatheredFeatures(features.value, over: group)
        return try spectralShrinkage(features, in: gathered, count: k, isFirstRank: group.rank == 0)
    }

    /// The same of features that are gathered already. Not collective.
    func spectralShrinkage(
        _ features: Variable, in gathered: GatheredFeatures, count k: Int, isFirstRank: Bool
    ) throws -> Variable {
        let spectrum = try SmallestSpectrum(of: gathered.batch, count: k)
        let value = isFirstRank ? Float(spectrum.value) : 0
        return record(Tensor(scalar: value), from: [features]) { gradient in
            features.accumulate(spectrum.gradient(rows: gathered.rows, scale: Double(gradient.scalar)))
        }
    }
}
