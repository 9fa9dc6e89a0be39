public import Tensors

extension Tape {
    /// This rank's share of Bi-Tuning's term on projections: contrastive cross-entropy against the sample's own
    /// key and a queue of earlier keys with their classes.
    ///
    ///     Σ_n KL(target[n] ‖ softmax([q[n] · k[n], q[n] · queue] / T)) / divisor
    ///
    /// with the target `1 / (L + 1)` on the own key and the L entries of the sample's class; it includes the
    /// target's entropy. Samples and keys are local, the queue is equal on every rank and the divisor is
    /// global, so that the shares of all ranks add up to the batch's mean. One matrix product of the queries
    /// with the whole queue gives all logits; the gradient is computed with them, so that the queue may change
    /// before the backward pass.
    /// Zhong, Wang, Kou, Wang and Long, Bi-tuning of pre-trained representations, 2020.
    ///
    /// - Parameters:
    ///   - query: `[N, P]`, normalized rows q.
    ///   - keys: `[N, P]`, normalized rows k of the same samples; no gradient flows into them.
    ///   - queue: `[K · L, P]`, class by class; no gradient flows into it.
    ///   - labels: N classes, each in `0 ..< K`.
    ///   - classCount: K.
    ///   - temperature: T, positive.
    ///   - divisor: Size of the global batch.
    /// - Returns: A scalar.
    public func contrastiveProjection(
        _ query: Variable, keys: Tensor, queue: Tensor, labels: [Int], classCount: Int, temperature: Double,
        divisor: Int
    ) -> Variable {
        let (q, k) = (query.value.dense(), keys.dense())
        precondition(
            q.shape.rank == 2 && k.shape == q.shape && q.shape[0] == labels.count,
            "\(labels.count) labels and keys of \(k.shape) for queries of \(q.shape)")
        let length = BiTuningQueues.checkedLength(
            of: queue, classCount: classCount, labels: labels, temperature: temperature, divisor: divisor)
        let products = q.matrixProduct(queue, transposed: (false, true))
        let rows = ContrastiveRows(
            own: ContrastiveRows.products(q, k), products: products, labels: labels, length: length,
            temperature: temperature, divisor: divisor)
        let slope = isRecording && query.requiresGradient ? rows.ownGradient(k) : nil
        slope?.addMatrixProduct(rows.slopes, queue)
        return record(Tensor(scalar: Float(rows.value)), from: [query]) { gradient in
            if let slope { query.accumulate(slope.scaled(by: gradient.scalar)) }
        }
    }
}
