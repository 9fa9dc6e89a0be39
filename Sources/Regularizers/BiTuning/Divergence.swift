internal import Foundation
public import Tensors

extension Tape {
    /// This rank's share of the Kullback-Leibler divergence of predictions from target distributions, as
    /// PyTorch's `KLDivLoss` with `batchmean`:
    ///
    ///     Σ_n Σ_s t[n, s] · (log t[n, s] − log softmax(x[n])[s]) / divisor
    ///
    /// It is `softCrossEntropy` less the targets' entropy. Samples are local, the divisor is global, so that
    /// the shares of all ranks add up to the batch's mean.
    ///
    /// - Parameters:
    ///   - logits: `[N, S]`, x, of the samples of this rank.
    ///   - targets: `[N, S]`, t, not negative; no gradient flows into them.
    ///   - divisor: Size of the global batch.
    /// - Returns: A scalar.
    public func divergence(_ logits: Variable, targets: Tensor, divisor: Int) -> Variable {
        let crossEntropy = softCrossEntropy(logits, targets: targets, divisor: divisor)
        // The limit of t · log t at 0 is 0.
        let entropy = targets.elements.reduce(0.0) { $1 == 0 ? $0 : $0 - Double($1) * log(Double($1)) }
        let value = Double(crossEntropy.value.scalar) - entropy / Double(divisor)
        return record(Tensor(scalar: Float(value)), from: [crossEntropy]) { crossEntropy.accumulate($0) }
    }
}
