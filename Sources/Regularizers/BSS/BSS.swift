internal import ProcessGroups
internal import Tensors

/// Batch spectral shrinkage: the smallest singular values of the batch's features are suppressed,
///
///     L = (1/B) Σ CE + a · Σ of the k smallest σ²
///
/// with σ the singular values of the features `[B, F]` of the global batch. Features of all ranks are
/// gathered; each rank keeps the gradient of its own rows.
///
/// Memory of each rank beyond plain fine-tuning: the features of the global batch in 32 and 64 bits, `12 · B · F` bytes,
/// and their Gram matrix, `8 · min(B, F)²`. Rank 0 keeps the features, `4 · B · F`, until the next step, so that their
/// spectrum can be looked at.
/// Chen, Wang, Fu, Long and Wang, Catastrophic forgetting meets negative transfer: batch spectral shrinkage
/// for safe transfer learning, NeurIPS 2019.
public final class BSS: SpectralRegularizer {
    private let tradeOff: Double
    private let count: Int
    /// `[B, F]`, of the last step; on rank 0.
    private var features: Tensor?

    /// - Parameters:
    ///   - tradeOff: a.
    ///   - count: k.
    public init(tradeOff: Double, count: Int) { (self.tradeOff, self.count) = (tradeOff, count) }

    /// The whole batch: its spectrum is no sum over samples.
    public var needs: RegularizerNeeds { RegularizerNeeds(wholeBatch: true, smallestBatch: count) }

    /// `Σ of the k smallest σ²`.
    ///
    /// - Throws: `CollectiveFailure` where a feature is non-finite; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func penalty(_ step: StepInput) throws -> WeightedPenalty? {
        do {
            let gathered = try GatheredFeatures(step.features.value, over: step.group)
            if step.group.rank == 0 { features = gathered.batch }
            let value = try step.context.tape.spectralShrinkage(
                step.features, in: gathered, count: count, isFirstRank: step.group.rank == 0)
            return WeightedPenalty(value, weight: tradeOff)
        } catch let error as NonFiniteError {
            // Every rank looked at the same gathered features, so every rank is here.
            throw CollectiveFailure(message: "\(error)", exitCode: error.exitCode)
        }
    }

    /// All singular values of the features of the last step's global batch, `min(B, F)` of them.
    public func singularValues() throws -> [Double] {
        try features.map { try DoubleMatrix($0).singularValues() } ?? []
    }
}
