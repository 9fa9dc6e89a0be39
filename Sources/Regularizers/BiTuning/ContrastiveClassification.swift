public import Tensors

extension Tape {
    /// This rank's share of Bi-Tuning's term on the classifier: for each sample, the score of its class on its
    /// own features against the scores of that class on the queued features.
    ///
    ///     Σ_n KL(target[n] ‖ softmax([h[n] · w[c], queue · w[c]] / T)) / divisor,   c the class of sample n
    ///
    /// with the target `1 / (L + 1)` on the own features and the L entries of the class; it includes the
    /// target's entropy. A gradient reaches the own features alone: the classifier's rows are taken as numbers,
    /// as in the Transfer-Learning-Library. Samples are local, queue and classifier are equal on every rank and the divisor
    /// is global, so that the shares of all ranks add up to the batch's mean. One matrix product gives the
    /// scores of the whole queue, for the classes of the samples only. The queue may change afterwards.
    /// Zhong, Wang, Kou, Wang and Long, Bi-tuning of pre-trained representations, 2020.
    ///
    /// - Parameters:
    ///   - query: `[N, F + 1]`, normalized rows h of features with a one appended.
    ///   - classifier: `[K, F + 1]`, normalized rows w of weights with their biases.
    ///   - queue: `[K · L, F + 1]`, class by class.
    ///   - labels: N classes, each in `0 ..< K`.
    ///   - temperature: T, positive.
    ///   - divisor: Size of the global batch.
    /// - Returns: A scalar.
    public func contrastiveClassification(
        _ query: Variable, classifier: Tensor, queue: Tensor, labels: [Int], temperature: Double, divisor: Int
    ) -> Variable {
        let h = query.value.dense()
        precondition(
            h.shape.rank == 2 && classifier.shape.rank == 2 && h.shape[0] == labels.count
                && classifier.shape[1] == h.shape[1],
            "\(labels.count) labels and a classifier of \(classifier.shape) for queries of \(h.shape)")
        let length = BiTuningQueues.checkedLength(
            of: queue, classCount: classifier.shape[0], labels: labels, temperature: temperature,
            divisor: divisor)
        let weights = classifier.dense().gathered(rows: labels)
        let products = weights.matrixProduct(queue, transposed: (false, true))
        let rows = ContrastiveRows(
            own: ContrastiveRows.products(h, weights), products: products, labels: labels, length: length,
            temperature: temperature, divisor: divisor)
        return record(Tensor(scalar: Float(rows.value)), from: [query]) { gradient in
            query.accumulate(rows.ownGradient(weights).scaled(by: gradient.scalar))
        }
    }
}
