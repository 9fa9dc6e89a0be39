public import Tensors

extension Tape {
    /// This rank's share of knowledge distillation, the divergence of the student's softened predictions from
    /// the teacher's:
    ///
    ///     Σ_n KL(softmax(t[n] / T) ‖ softmax(x[n] / T)) / divisor
    ///
    /// without the factor T² that some implementations have. Samples are local, the divisor is global, so
    /// that the shares of all ranks add up to the batch's mean. Sums run in 64 bits.
    /// Li and Hoiem, Learning without forgetting, ECCV 2016; Hinton, Vinyals and Dean, Distilling the
    /// knowledge in a neural network, 2015.
    ///
    /// - Parameters:
    ///   - logits: `[N, S]`, x, of the samples of this rank.
    ///   - teacher: `[N, S]`, t, the logits to stay close to; no gradient flows into them.
    ///   - temperature: T, positive.
    ///   - divisor: Size of the global batch.
    /// - Returns: A scalar.
    public func distillation(
        _ logits: Variable, teacher: Tensor, temperature: Double, divisor: Int
    ) -> Variable {
        let (x, t) = (logits.value.dense(), teacher.dense())
        precondition(
            x.shape.rank == 2 && t.shape == x.shape, "distillation of \(t.shape) into \(x.shape)")
        precondition(
            temperature > 0 && divisor > 0, "temperature \(temperature) and divisor \(divisor)")
        let total = (0..<x.shape[0]).reduce(0.0) { sum, row in
            let student = RowSoftmax(row: row, of: x, temperature: temperature).logProbabilities
            let recorded = RowSoftmax(row: row, of: t, temperature: temperature)
            return zip(zip(recorded.probabilities, recorded.logProbabilities), student).reduce(sum) {
                // The limit of p · log p where the teacher's probability has become 0.
                $1.0.0 == 0 ? $0 : $0 + $1.0.0 * ($1.0.1 - $1.1)
            }
        }
        return record(Tensor(scalar: Float(total / Double(divisor))), from: [logits]) { gradient in
            let scale = Double(gradient.scalar) / (Double(divisor) * temperature)
            logits.accumulate(
                Tensor(x.shape) { buffer in
                    let columns = x.shape[1]
                    for row in 0..<x.shape[0] {
                        let student = RowSoftmax(row: row, of: x, temperature: temperature).probabilities
                        let recorded = RowSoftmax(row: row, of: t, temperature: temperature).probabilities
                        for column in 0..<columns {
                            buffer[row * columns + column] =
                                Float(scale * (student[column] - recorded[column]))
                        }
                    }
                })
        }
    }
}
