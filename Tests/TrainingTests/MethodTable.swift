internal import Foundation
import ImageData
import Layers
import ModelFiles
import Networks
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Training

/// All methods, each with settings under which six samples of five classes make sense.
enum MethodCase: String, CaseIterable, Sendable {
    case fineTune, l2SP, deltaPlain, deltaAttention, lwf, lwfPaper, coTuningDirect, coTuningReverse, biTuning,
        bss

    /// The method for a classifier at its starting point.
    func make(_ classifier: Classifier, _ sourceHead: Linear) throws -> any Regularizer {
        let backbone = classifier.backbone
        switch self {
        case .fineTune: return FineTune()
        case .l2SP:
            return L2SP(backbone: backbone.parameters, tradeOff: 0.1, headTradeOff: 0.05, scope: .all)
        case .deltaPlain, .deltaAttention:
            return DELTA(
                taps: Array(backbone.defaultTaps[2...3]),
                features: self == .deltaPlain ? .plain : .attention(file: nil), tradeOff: 0.01,
                headTradeOff: 0.01)
        case .lwf, .lwfPaper:
            return LWF(
                head: sourceHead, tradeOff: 4, temperature: 3, trainsHead: self == .lwfPaper,
                headOnlyEpochs: 0)
        case .coTuningDirect: return CoTuning(head: sourceHead, tradeOff: 2.3, learning: .direct)
        case .coTuningReverse:
            return CoTuning(head: sourceHead, tradeOff: 2.3, learning: .reverse(sourceLogitScale: 1))
        case .biTuning:
            let settings = BiTuning.Settings(
                tradeOff: 1, temperature: 0.07, queueLength: 3, keyMomentum: 0.9, projectionDimension: 16)
            return try BiTuning(
                classifier: classifier, keyBackbone: StagedNetwork.resNet(.resNet18, baseWidth: 8),
                settings: settings,
                initialState: [], seed: 4)
        case .bss: return BSS(tradeOff: 0.1, count: 2)
        }
    }
}

/// A small real network at a real starting point with one method on it, on one rank of a group.
final class MethodBench {
    let classifier: Classifier
    let regularizer: any Regularizer
    let step: TrainingStep
    private let group: any ProcessGroup
    private let samples: Samples

    init(
        _ method: MethodCase, _ group: any ProcessGroup, samples: Samples,
        communication: CommunicationSettings = CommunicationSettings()
    ) throws {
        (self.group, self.samples) = (group, samples)
        let weights = try SafetensorsFile(contentsOf: goldenPath("source.safetensors"))
        classifier = Classifier(
            backbone: StagedNetwork.resNet(.resNet18, baseWidth: 8), classCount: samples.classCount)
        try classifier.backbone.load(weights)
        classifier.head.initialize(seed: 1)
        let sourceHead = Linear(
            name: "source-head", weight: try weights.tensor("fc.weight"), bias: try weights.tensor("fc.bias"))
        regularizer = try method.make(classifier, sourceHead)
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let part = samples.part(of: group)
        try regularizer.prepare(
            Preparation(
                backbone: classifier.backbone, weightsDigest: "digest", training: part, validation: part,
                group: group, seed: 2, directory: folder.path, say: { _ in }))
        var groups = [
            ParameterGroup(
                name: "backbone", part: .backbone, learningRateMultiplier: 0.1,
                parameters: classifier.backbone.parameters
            ),
            ParameterGroup(
                name: "head", part: .head, learningRateMultiplier: 1, parameters: classifier.head.parameters),
        ]
        if !regularizer.ownParameters.isEmpty {
            groups.append(
                ParameterGroup(
                    name: "method", part: .method, learningRateMultiplier: 0.1,
                    parameters: regularizer.ownParameters))
        }
        step = try TrainingStep(
            classifier, groups: groups, regularizer: regularizer,
            optimizer: SGD(momentum: 0.9, isNesterov: true, weightDecay: 0.0005),
            normalization: .synchronized, group: group, communication: communication)
    }

    /// Trains on the samples at the given positions as one global batch.
    func train(_ positions: Range<Int>) throws -> TrainingStep.Result {
        let mine = Shard(rank: group.rank, size: group.size).slice(of: positions.count)
        let rows = positions.lowerBound + mine.lowerBound..<positions.lowerBound + mine.upperBound
        return try step.run([samples.batch(rows)], globalBatch: positions.count, learningRate: 0.01)
    }

    /// Every number that training moves.
    var parameters: [Float] {
        (classifier.parameters + regularizer.ownParameters).flatMap { $0.variable.value.elements }
    }
}

/// The reference's images, with labels of the test's choice.
struct Samples: Sendable {
    let images: Tensor
    let secondView: Tensor
    let labels: [Int]
    let classCount = 5

    /// - Parameter labels: One a sample; nil for those of the reference.
    init(labels: [Int]? = nil, damaged: Bool = false) throws {
        let file = try SafetensorsFile(contentsOf: goldenPath("trajectory-data.safetensors"))
        let given = try file.tensor("images")
        images =
            damaged ? Tensor(given.shape, given.elements.enumerated().map { $0 == 5 ? .nan : $1 }) : given
        secondView = try file.tensor("images_second_view")
        self.labels = try labels ?? file.integers("labels")
    }

    func batch(_ rows: Range<Int>) -> Batch {
        Batch(
            images: images.rows(rows), secondView: secondView.rows(rows), labels: Array(labels[rows]),
            indices: Array(rows), positions: Array(rows))
    }

    /// What a rank sees before the first step.
    func part(of group: any ProcessGroup) -> any SampleSource {
        Part(samples: self, rows: Shard(rank: group.rank, size: group.size).slice(of: labels.count))
    }

    private struct Part: SampleSource {
        let samples: Samples
        let rows: Range<Int>

        var count: Int { samples.labels.count }
        var classCount: Int { samples.classCount }
        var classNames: [String] { (0..<classCount).map { "class \($0)" } }
        var fingerprint: UInt64 { 7 }

        func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {
            for start in stride(from: rows.lowerBound, to: rows.upperBound, by: 7) {
                try body(sample(start..<min(start + 7, rows.upperBound)))
            }
        }

        func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
            sample(number * 8 % 40..<number * 8 % 40 + 8)
        }

        private func sample(_ range: Range<Int>) -> SampleBatch {
            let batch = samples.batch(range)
            return SampleBatch(images: batch.images, labels: batch.labels, positions: batch.positions)
        }
    }
}
