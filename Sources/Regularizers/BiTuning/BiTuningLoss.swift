public import Layers
public import ProcessGroups
public import Tensors

/// Bi-Tuning for a training loop of one's own: predictions and contrastive logits of each step, for an encoder
/// and a key encoder that the caller runs.
///
///     let following = MomentumParameters(keyEncoder.parameters, following: encoder.parameters)
///     following.copy()
///     let biTuning = BiTuningLoss(queues: BiTuningQueues(…))
///     …
///     following.update(momentum: 0.999)                  // then run the key encoder on the second view
///     let output = try biTuning(
///         features: f, projections: p, keyFeatures: kf, keyProjections: kp, head: head, labels: labels,
///         on: tape, over: group)
///     let loss = tape.add(
///         tape.crossEntropy(output.predictions, labels: labels, divisor: globalBatch),
///         output.loss(on: tape, divisor: globalBatch))
///
/// The method `BiTuning` does the same without the logits, in fewer passes over memory.
/// Zhong, Wang, Kou, Wang and Long, Bi-tuning of pre-trained representations, 2020.
public final class BiTuningLoss {
    /// What a step gives, for this rank's N samples, with K classes and L keys kept of each.
    ///
    /// A row of logits has the sample's own key first, then the L keys of its class, then those of the other
    /// classes: `1 + K · L` columns.
    public struct Output {
        /// The head's logits, `[N, K]`.
        public let predictions: Variable
        /// Products of the projection with the keys' projections, divided by T: `[N, 1 + K · L]`.
        public let logitsZ: Variable
        /// Scores of the sample's class on its own features and on the keys' features, divided by T:
        /// `[N, 1 + K · L]`. Their gradient reaches the sample's own features alone.
        public let logitsY: Variable
        /// The target of both: `1 / (L + 1)` on the first `1 + L` columns, 0 elsewhere; `[N, 1 + K · L]`.
        public let targets: Tensor

        /// This rank's share of KL on z and KL on y, added.
        ///
        /// - Parameter divisor: Size of the global batch.
        /// - Returns: A scalar.
        public func loss(on tape: Tape, divisor: Int) -> Variable {
            tape.add(
                tape.divergence(logitsZ, targets: targets, divisor: divisor),
                tape.divergence(logitsY, targets: targets, divisor: divisor))
        }
    }

    /// The keys of earlier samples; replicas, equal on every rank.
    public let queues: BiTuningQueues
    /// T, which divides all logits.
    public let temperature: Double

    /// A loss on the given queues.
    public init(queues: BiTuningQueues, temperature: Double = 0.07) {
        precondition(temperature > 0, "temperature \(temperature)")
        (self.queues, self.temperature) = (queues, temperature)
    }

    /// One step: logits on z with the queues as they are, then the keys of all ranks enter the queues in rank
    /// order, then logits on y. The asymmetry is TLlib's. Call it once a step.
    ///
    /// - Parameters:
    ///   - features: `[N, F]` of this rank's samples.
    ///   - projections: `[N, P]` of the same; both are normalized here.
    ///   - keyFeatures: `[N, F]`, of the second view through the key encoder.
    ///   - keyProjections: `[N, P]`, of the same.
    ///   - head: Features to K logits.
    ///   - labels: N classes, each in `0 ..< K`.
    ///   - tape: Where the operations are recorded.
    ///   - group: The ranks that share the batch; one process alone, unless given.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func callAsFunction(
        features: Variable, projections: Variable, keyFeatures: Tensor, keyProjections: Tensor, head: Linear,
        labels: [Int], on tape: Tape, over group: any ProcessGroup = SoloGroup()
    ) throws -> Output {
        let order = ContrastiveOrder(classCount: queues.classCount, length: queues.length)
        precondition(
            labels.allSatisfy { 0..<order.classCount ~= $0 }, "label outside of \(order.classCount) classes")
        let (weight, bias) = (head.weight.variable, head.bias.variable)
        let keyTape = Tape(recording: false)
        let keyZ = keyTape.normalizedRows(Variable(keyProjections)).value
        let keyH = keyTape.normalizedRows(Variable(keyFeatures), appendingOne: true).value
        let logitsZ = tape.projectionLogits(
            tape.normalizedRows(projections), keys: keyZ, queue: queues.z, labels: labels, order: order,
            temperature: temperature)
        try queues.enqueue(h: keyH, z: keyZ, labels: labels, over: group)
        let logitsY = tape.classificationLogits(
            tape.normalizedRows(features, appendingOne: true),
            classifier: weight.value.normalizedRows(appending: bias.value), queue: queues.h, labels: labels,
            order: order, temperature: temperature)
        return Output(
            predictions: tape.linear(features, weight: weight, bias: bias), logitsZ: logitsZ,
            logitsY: logitsY, targets: order.targets(count: labels.count))
    }
}
