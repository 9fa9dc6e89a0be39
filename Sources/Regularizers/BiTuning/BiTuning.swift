public import Layers
internal import ProcessGroups
internal import Tensors

/// Bi-Tuning: contrastive terms that pull a sample to the keys of its class,
///
///     L = (1/B) Σ CE + a · (KL on z + KL on y)
///
/// with targets of 1 / (L + 1) on the sample's own key and on the L queued keys of its class. Keys come from a
/// second view of each sample through a key encoder, whose parameters follow the network's with momentum.
///
/// In one step: the key encoder follows; keys are computed; the z-term uses the queues as they are; the keys of
/// all ranks enter the queues in rank order; the y-term uses the queues after that. The asymmetry is TLlib's.
/// Memory of each rank beyond plain fine-tuning: the key encoder, as many bytes as the backbone, and `16 · F · P` for the
/// two projectors with momentum; the queues, `4 · K · L · (F + 1 + P)`; the second view of N images, `12 · N · H · W`;
/// logits, `4 · N · K · L`.
/// Zhong, Wang, Kou, Wang and Long, Bi-tuning of pre-trained representations, 2020.
public final class BiTuning: Regularizer {
    /// Constants of the method.
    public struct Settings: Sendable {
        /// a.
        public var tradeOff: Double
        /// T, which divides all logits.
        public var temperature: Double
        /// L, keys kept of each class.
        public var queueLength: Int
        /// m, the momentum of the key encoder.
        public var keyMomentum: Double
        /// P, length of a projection.
        public var projectionDimension: Int

        /// Constants of the method.
        public init(
            tradeOff: Double, temperature: Double, queueLength: Int, keyMomentum: Double,
            projectionDimension: Int
        ) {
            (self.tradeOff, self.temperature, self.queueLength) = (tradeOff, temperature, queueLength)
            (self.keyMomentum, self.projectionDimension) = (keyMomentum, projectionDimension)
        }
    }

    private let settings: Settings
    private let classifier: Classifier
    private let projector: Linear
    private let keyBackbone: any Backbone
    private let keyProjector: Linear
    private let following: MomentumParameters
    /// The keys; equal on every rank.
    public let queues: BiTuningQueues

    /// - Parameters:
    ///   - classifier: What is trained, at its starting point; equal on all ranks.
    ///   - keyBackbone: Another backbone of the same kind, which becomes the key encoder.
    ///   - settings: Constants of the method.
    ///   - initialState: `projector.weight`, `projector.bias`, `queue_h`, `queue_z`, as far as they are given.
    ///   - seed: The run's seed, for what is not given.
    /// - Throws: `StateError` or `BiTuningStateError` where a given tensor does not fit.
    public init(
        classifier: Classifier, keyBackbone: any Backbone, settings: Settings, initialState: [NamedTensor],
        seed: UInt64
    ) throws {
        (self.classifier, self.keyBackbone, self.settings) = (classifier, keyBackbone, settings)
        let features = classifier.backbone.featureCount
        projector = Linear(name: "projector", inputs: features, outputs: settings.projectionDimension)
        keyProjector = Linear(name: "key.projector", inputs: features, outputs: settings.projectionDimension)
        following = MomentumParameters(
            (keyBackbone.parameters + keyProjector.parameters).map(\.variable),
            following: (classifier.backbone.parameters + projector.parameters).map(\.variable))
        queues = BiTuningQueues(
            featureCount: features, projectionCount: settings.projectionDimension,
            classCount: classifier.classCount, length: settings.queueLength, seed: seed)
        projector.initialize(seed: seed)
        for (name, parameter) in [("projector.weight", projector.weight), ("projector.bias", projector.bias)]
        where initialState.contains(where: { $0.name == name }) {
            parameter.variable.assign(try initialState.tensor(name, shape: parameter.shape))
        }
        var queueState = queues.state
        for name in ["queue_h", "queue_z"] where initialState.contains(where: { $0.name == name }) {
            queueState[name] = try initialState.tensor(name)
        }
        try queues.restore(queueState)
        following.copy()
        keyBackbone.buffers.assign(from: classifier.backbone.buffers)
    }

    /// Two views of each sample; the queues take a batch as a whole.
    public var needs: RegularizerNeeds { RegularizerNeeds(secondView: true, wholeBatch: true) }

    /// The projector.
    public var ownParameters: [Parameter] { projector.parameters }

    /// Gives every rank the random numbers of rank 0: logarithms and cosines may differ in their last bit between hosts.
    public func prepare(_ preparation: Preparation) throws {
        for tensor in [queues.h, queues.z] + projector.parameters.map(\.variable.value) {
            try tensor.withMutableElements { try preparation.group.broadcast($0, from: 0) }
        }
        for parameter in projector.parameters { parameter.variable.valueDidChange() }
        following.copy()
    }

    private var keyParameters: [Parameter] { keyBackbone.parameters + keyProjector.parameters }

    /// KL on z and KL on y, added.
    public func penalty(_ step: StepInput) throws -> WeightedPenalty? {
        guard let secondView = step.secondView else { preconditionFailure("Bi-Tuning needs a second view") }
        following.update(momentum: settings.keyMomentum)
        let keyTape = Tape(recording: false)
        let keyContext = step.context.recording(on: keyTape)
        let keyFeatures = try keyBackbone.features(Variable(secondView), keyContext)
        let keyZ = keyTape.normalizedRows(keyProjector(keyFeatures, keyContext)).value
        let keyH = keyTape.normalizedRows(keyFeatures, appendingOne: true).value

        let tape = step.context.tape
        let z = tape.normalizedRows(projector(step.features, step.context))
        let zTerm = tape.contrastiveProjection(
            z, keys: keyZ, queue: queues.z, labels: step.labels, classCount: queues.classCount,
            temperature: settings.temperature, divisor: step.globalBatch)
        try queues.enqueue(h: keyH, z: keyZ, labels: step.labels, over: step.group)
        let h = tape.normalizedRows(step.features, appendingOne: true)
        let head = classifier.head
        let yTerm = tape.contrastiveClassification(
            h, classifier: head.weight.variable.value.normalizedRows(appending: head.bias.variable.value),
            queue: queues.h, labels: step.labels, temperature: settings.temperature, divisor: step.globalBatch
        )
        return WeightedPenalty(tape.add(zTerm, yTerm), weight: settings.tradeOff)
    }

    /// Queues, pointers, and the key encoder with its buffers.
    public var state: [NamedTensor] {
        queues.state.sorted { $0.key < $1.key }.map { NamedTensor($0.key, $0.value) } + keyState
    }

    private var keyState: [NamedTensor] {
        keyParameters.map { NamedTensor("key." + $0.name, $0.variable.value) }
            + keyBackbone.buffers.tensors.map { NamedTensor("key." + $0.name, $0.tensor) }
    }

    /// Restores queues, pointers and the key encoder.
    public func restore(_ state: [NamedTensor]) throws {
        let own = keyState
        let saved = try own.map { try state.tensor($0.name, shape: $0.tensor.shape) }
        for (tensor, other) in zip(own, saved) where tensor.name.hasSuffix(".running_var") {
            guard other.elements.allSatisfy({ $0 >= 0 }) else {
                throw StateError("tensor '\(tensor.name)' of the method's state holds a negative variance")
            }
        }
        try queues.restore(
            Dictionary(state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first }))
        for (tensor, other) in zip(own, saved) { tensor.tensor.copy(from: other) }
        for parameter in keyParameters { parameter.variable.valueDidChange() }
    }
}
