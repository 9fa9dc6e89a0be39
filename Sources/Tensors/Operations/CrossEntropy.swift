internal import Foundation

extension Tape {
    /// This rank's share of the cross-entropy: `Σ_n (log Σ_k exp(x[n, k]) − x[n, label n]) / divisor`.
    ///
    /// - Parameters:
    ///   - logits: `[N, K]`, the samples of this rank.
    ///   - labels: `N` classes, each in `0 ..< K`.
    ///   - divisor: Size of the global batch, so that the shares of all ranks add up to the mean.
    /// - Returns: A scalar.
    public func crossEntropy(_ logits: Variable, labels: [Int], divisor: Int) -> Variable {
        let x = logits.value.dense()
        precondition(x.shape.rank == 2 && x.shape[0] == labels.count, "\(labels.count) labels for \(x.shape)")
        precondition(
            labels.allSatisfy { $0 >= 0 && $0 < x.shape[1] }, "label outside of \(x.shape[1]) classes")
        let logProbabilities = x.logSoftmax()
        let classes = x.shape[1]
        let total = logProbabilities.withElements { values in
            labels.indices.reduce(0.0) { $0 - Double(values[$1 * classes + labels[$1]]) }
        }
        return record(Tensor(scalar: Float(total / Double(divisor))), from: [logits]) { gradient in
            let scale = gradient.scalar / Float(divisor)
            let dx = Tensor(x.shape) { buffer in
                logProbabilities.withElements { values in
                    for row in labels.indices {
                        for column in 0..<classes {
                            let indicator: Float = column == labels[row] ? 1 : 0
                            let index = row * classes + column
                            buffer[index] = scale * (exp(values[index]) - indicator)
                        }
                    }
                }
            }
            logits.accumulate(dx)
        }
    }
}

extension Tensor {
    /// Logarithm of the softmax of each row of `[N, K]`, the sums in 64 bits.
    public func logSoftmax() -> Tensor {
        let x = dense()
        precondition(x.shape.rank == 2, "softmax of \(x.shape)")
        let (rows, columns) = (x.shape[0], x.shape[1])
        return Tensor(x.shape) { buffer in
            x.withElements { values in
                for row in 0..<rows {
                    let range = row * columns..<(row + 1) * columns
                    let largest = Double(values[range].max() ?? 0)
                    let sum = range.reduce(0.0) { $0 + exp(Double(values[$1]) - largest) }
                    // In this order, because a large logit would swallow the logarithm.
                    let logSum = log(sum)
                    for index in range { buffer[index] = Float(Double(values[index]) - largest - logSum) }
                }
            }
        }
    }
}
