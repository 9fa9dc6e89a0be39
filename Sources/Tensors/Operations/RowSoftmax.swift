internal import Foundation

/// The softmax of one row of logits, in 64 bits: terms that compare two distributions cancel in 32.
///
/// For terms of one's own that compare distributions. NaN propagates.
public struct RowSoftmax {
    /// `log p[k] = x[k] / T − log Σ_j exp(x[j] / T)` for each k.
    public let logProbabilities: [Double]

    /// - Parameters:
    ///   - row: Which row of `logits`.
    ///   - logits: `[N, K]`, dense.
    ///   - temperature: T, positive.
    public init(row: Int, of logits: Tensor, temperature: Double = 1) {
        precondition(
            logits.shape.rank == 2 && row >= 0 && row < logits.shape[0] && temperature > 0,
            "softmax of row \(row) of \(logits.shape) at temperature \(temperature)")
        let columns = logits.shape[1]
        logProbabilities = logits.withElements { values in
            var scaled = (0..<columns).map { Double(values[row * columns + $0]) / temperature }
            let largest = scaled.max() ?? 0
            let logSum = log(scaled.reduce(0.0) { $0 + exp($1 - largest) })
            // The largest goes first, so that it does not swallow the logarithm.
            for column in 0..<columns { scaled[column] = (scaled[column] - largest) - logSum }
            return scaled
        }
    }

    /// `p[k]` for each k.
    public var probabilities: [Double] { logProbabilities.map { exp($0) } }
}
