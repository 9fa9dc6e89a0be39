internal import Foundation

/// Logarithm of the softmax of one row, in 64 bits: terms that compare two distributions cancel in 32.
struct RowSoftmax {
    /// `log p[k] = x[k] / T − log Σ_j exp(x[j] / T)` for each k.
    let logProbabilities: [Double]

    /// - Parameters:
    ///   - row: Which row of `logits`.
    ///   - logits: `[N, K]`, dense.
    ///   - temperature: T.
    init(row: Int, of logits: Tensor, temperature: Double = 1) {
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
    var probabilities: [Double] { logProbabilities.map { exp($0) } }
}
