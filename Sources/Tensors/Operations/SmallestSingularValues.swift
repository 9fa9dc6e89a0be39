extension Tape {
    /// Sum of the squares of the k smallest singular values of a batch's features, as in batch spectral
    /// shrinkage:
    ///
    ///     Σ_{i ≤ k} σ_i² = Σ_{i ≤ k} ‖u_iᵀ · F‖²,   gradient 2 · Σ u_i · u_iᵀ · F
    ///
    /// with u the eigenvectors of the smaller Gram matrix, `F · Fᵀ` or, through the right singular vectors,
    /// `Fᵀ · F`, in 64 bits. Only the k smallest are computed.
    ///
    /// The features are those of the **global** batch: the term is not a sum over samples. Where ranks share a
    /// batch, use the version that gathers.
    /// Chen, Wang, Fu, Long and Wang, Catastrophic forgetting meets negative transfer: batch spectral shrinkage
    /// for safe transfer learning, NeurIPS 2019.
    ///
    /// - Parameters:
    ///   - features: `[B, F]`.
    ///   - k: How many singular values count, at least 1.
    /// - Returns: A scalar.
    /// - Throws: `SingularValueCountError` where k exceeds min(B, F), `NonFiniteError` where a feature is no
    ///   finite number, `SpectrumError` where LAPACK fails.
    public func smallestSingularValues(_ features: Variable, count k: Int) throws -> Variable {
        try smallestSingularValues(
            features, ofBatch: features.value, from: 0, count: k, countsValue: true)
    }

    /// The same with `features` being some rows of the batch: this rank's share.
    ///
    /// The gradient is that of the whole term by these rows, whether the share of the value is the value or 0.
    ///
    /// - Parameters:
    ///   - features: `[N, F]`, the samples of this rank.
    ///   - batch: `[B, F]`, the samples of all ranks, equal on every rank.
    ///   - first: Where in `batch` the rows of `features` begin.
    ///   - k: How many singular values count, at least 1.
    ///   - countsValue: Whether the value of the result is the term; else it is 0. True on one rank.
    /// - Returns: A scalar.
    /// - Throws: As above; the same on every rank.
    package func smallestSingularValues(
        _ features: Variable, ofBatch batch: Tensor, from first: Int, count k: Int, countsValue: Bool
    ) throws -> Variable {
        let rows = first..<first + features.shape[0]
        precondition(
            features.shape.rank == 2 && batch.shape.rank == 2 && features.shape[1] == batch.shape[1]
                && first >= 0 && rows.upperBound <= batch.shape[0],
            "rows \(rows) of \(features.shape) in a batch of \(batch.shape)")
        let spectrum = try SmallestSpectrum(of: batch.dense(), count: k)
        let value = countsValue ? Float(spectrum.value) : 0
        return record(Tensor(scalar: value), from: [features]) { gradient in
            features.accumulate(spectrum.gradient(rows: rows, scale: Double(gradient.scalar)))
        }
    }
}
