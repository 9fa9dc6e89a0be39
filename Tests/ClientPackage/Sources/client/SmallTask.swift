import ImageData
import Layers
import ProcessGroups
import Regularizers
import Tensors
import Training

/// Sixteen images of four classes, and a network at its starting point that learns to tell them apart.
struct SmallTask {
    static let (count, classCount, sourceClassCount) = (16, 4, 5)
    static let steps = 6

    let classifier: Classifier
    let sourceHead: Linear
    /// The pretrained network, which stays as it is.
    let source: any FrozenBackbone
    let images: Tensor
    let secondView: Tensor
    let labels = (0..<SmallTask.count).map { $0 % SmallTask.classCount }

    init() throws {
        let network = SmallNetwork()
        network.initialize(seed: 1)
        classifier = Classifier(backbone: network, classCount: Self.classCount)
        classifier.head.initialize(seed: 1)
        sourceHead = Linear(name: "source-head", inputs: network.featureCount, outputs: Self.sourceClassCount)
        sourceHead.initialize(seed: 2)
        source = try network.frozen(keeping: ["conv1", "relu"])
        images = Self.pixels(seed: 3)
        secondView = Self.pixels(seed: 4)
    }

    private static func pixels(seed: UInt64) -> Tensor {
        let shape: Shape = [count, 3, 8, 8]
        var random = KeyedRandom(seed: seed, purpose: .augmentation)
        return Tensor(
            shape,
            (0..<shape.count).map { index in
                // Each class has a brightness of its own.
                Float(index / (3 * 8 * 8) % classCount) + random.uniform(in: -0.5..<0.5)
            })
    }

    /// This rank's share of all samples.
    func batch(of group: any ProcessGroup) -> Batch {
        let rows = Shard(rank: group.rank, size: group.size).slice(of: Self.count)
        return Batch(
            images: images.rows(rows), secondView: secondView.rows(rows), labels: Array(labels[rows]),
            indices: Array(rows), positions: Array(rows))
    }

    /// Trains for a few steps.
    ///
    /// - Returns: The objective before each step, the same on every rank.
    func losses(with regularizer: any Regularizer, over group: any ProcessGroup) throws -> [Double] {
        let own = regularizer.ownParameters
        let groups = [
            ParameterGroup(
                name: "backbone", part: .backbone, learningRateMultiplier: 0.1,
                parameters: classifier.backbone.parameters),
            ParameterGroup(name: "method", part: .method, learningRateMultiplier: 0.1, parameters: own),
            ParameterGroup(
                name: "head", part: .head, learningRateMultiplier: 1, parameters: classifier.head.parameters),
        ].filter { !$0.parameters.isEmpty }
        let step = try TrainingStep(
            classifier, groups: groups, regularizer: regularizer,
            optimizer: SGD(momentum: 0.9, isNesterov: true, weightDecay: 0), normalization: .synchronized,
            group: group)
        return try (0..<Self.steps).map { _ in
            try step.run([batch(of: group)], globalBatch: Self.count, learningRate: 0.05).loss
        }
    }
}

/// A method from a closure: the client's way to try a term in the training loop.
final class Term: Regularizer {
    let needs: RegularizerNeeds
    let ownParameters: [Parameter]
    private let weight: Double
    private let term: (StepInput) throws -> Variable

    init(
        weight: Double, needs: RegularizerNeeds = RegularizerNeeds(), ownParameters: [Parameter] = [],
        _ term: @escaping (StepInput) throws -> Variable
    ) {
        (self.weight, self.needs) = (weight, needs)
        (self.ownParameters, self.term) = (ownParameters, term)
    }

    func penalty(_ step: StepInput) throws -> WeightedPenalty? {
        WeightedPenalty(try term(step), weight: weight)
    }
}
