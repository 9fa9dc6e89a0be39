public import Tensors

extension Tape {
    /// This rank's share of the cross-entropy with distributions as targets, as in Co-Tuning:
    ///
    ///     −Σ_n Σ_s t[n, s] · log softmax(x[n])[s] / divisor
    ///
    /// Samples are local, the divisor is global, so that the shares of all ranks add up to the batch's mean.
    /// Sums run in 64 bits. Rows of the targets are taken as they are, even where they do not sum to 1.
    /// You, Kou, Long and Wang, Co-Tuning for transfer learning, NeurIPS 2020.
    ///
    /// - Parameters:
    ///   - logits: `[N, S]`, x, of the samples of this rank.
    ///   - targets: `[N, S]`, t, not negative; no gradient flows into them.
    ///   - divisor: Size of the global batch.
    /// - Returns: A scalar.
    public func softCrossEntropy(_ logits: Variable, targets: Tensor, divisor: Int) -> Variable {
        let (x, t) = (logits.value.dense(), targets.dense())
        precondition(
            x.shape.rank == 2 && t.shape == x.shape, "targets of \(t.shape) for logits of \(x.shape)")
        precondition(divisor > 0, "divisor \(divisor)")
        let columns = x.shape[1]
        let total = t.withElements { targets in
            (0..<x.shape[0]).reduce(0.0) { sum, row in
                let logProbabilities = RowSoftmax(row: row, of: x).logProbabilities
                return (0..<columns).reduce(sum) { sum, column in
                    let target = Double(targets[row * columns + column])
                    // A probability of 0 costs nothing where the target is 0 as well.
                    return target == 0 ? sum : sum - target * logProbabilities[column]
                }
            }
        }
        return record(Tensor(scalar: Float(total / Double(divisor))), from: [logits]) { gradient in
            let scale = Double(gradient.scalar) / Double(divisor)
            let dx = Tensor(x.shape) { buffer in
                t.withElements { targets in
                    for row in 0..<x.shape[0] {
                        let probabilities = RowSoftmax(row: row, of: x).probabilities
                        let range = row * columns..<(row + 1) * columns
                        let mass = targets[range].reduce(0.0) { $0 + Double($1) }
                        for index in range {
                            let probability = probabilities[index - range.lowerBound]
                            buffer[index] = Float(scale * (mass * probability - Double(targets[index])))
                        }
                    }
                }
            }
            logits.accumulate(dx)
        }
    }
}
