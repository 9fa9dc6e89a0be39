internal import Foundation
internal import ImageData
public import Layers
public import ProcessGroups
internal import Tensors

/// How well a classifier does on a split, over all ranks.
public struct Evaluation: Sendable, Equatable, Codable {
    /// Share of samples whose largest logit is that of their label.
    public let accuracy: Double
    /// Mean over the classes that have samples of the share that is classified correctly.
    public let meanClassAccuracy: Double
    /// Mean cross-entropy.
    public let loss: Double
    /// Number of samples, each counted once.
    public let count: Int

    /// For example `accuracy 91.20 %, mean class accuracy 90.88 %, loss 0.2713, 4000 samples`.
    public var summary: String {
        String(
            format: "accuracy %.2f %%, mean class accuracy %.2f %%, loss %.4f, %d samples", accuracy * 100,
            meanClassAccuracy * 100, loss, count)
    }
}

/// The prediction of a classifier for one sample.
public struct Prediction: Sendable, Equatable {
    /// The sample's position in what was evaluated.
    public let position: Int
    /// Its class.
    public let label: Int
    /// The class with the largest probability.
    public let predicted: Int
    /// One probability a class.
    public let probabilities: [Float]
}

/// Evaluates a classifier on a data set: every sample once, each on one rank.
///
/// A rank takes a contiguous part of the samples, and of an uneven number some ranks take one more. Nothing
/// is padded and no sample counts twice.
public struct Evaluator {
    /// Samples that a rank looks at together.
    public static let batchSize = 64

    private let samples: any EvaluationSource
    private let group: any ProcessGroup

    /// - Parameters:
    ///   - samples: This rank's part of them.
    ///   - group: The ranks.
    public init(_ samples: any EvaluationSource, group: any ProcessGroup) {
        (self.samples, self.group) = (samples, group)
    }

    /// Accuracy and loss over all ranks.
    ///
    /// - Parameters:
    ///   - classifier: What is evaluated, in inference mode; equal on all ranks.
    ///   - observe: Called for the predictions of this rank, in order of the samples.
    /// - Throws: What the group or the data throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func evaluate(
        _ classifier: Classifier, observe: (Prediction) throws -> Void = { _ in }
    ) throws -> Evaluation {
        let classes = classifier.classCount
        // All-reduced below: the loss, then correct predictions and samples of each class.
        var totals = [Double](repeating: 0, count: 1 + 2 * classes)
        for number in 0..<samples.batchCount {
            group.noteProgress()
            let batch = try samples.batch(number)
            let (_, logits) = try classifier(Variable(batch.images), .inference)
            let logProbabilities = logits.value.logSoftmax().elements
            let predicted = logits.value.largestColumns
            for (row, label) in batch.labels.enumerated() {
                totals[0] -= Double(logProbabilities[row * classes + label])
                totals[1 + label] += predicted[row] == label ? 1 : 0
                totals[1 + classes + label] += 1
                try observe(
                    Prediction(
                        position: batch.positions[row], label: label, predicted: predicted[row],
                        probabilities: logProbabilities[row * classes..<(row + 1) * classes].map { exp($0) }))
            }
        }
        try group.allReduce(&totals)
        let (correct, counts) = (totals[1...classes], totals[(1 + classes)...])
        let count = counts.reduce(0, +)
        let shares = zip(correct, counts).filter { $0.1 > 0 }.map { $0.0 / $0.1 }
        return Evaluation(
            accuracy: correct.reduce(0, +) / count,
            meanClassAccuracy: shares.reduce(0, +) / Double(shares.count),
            loss: totals[0] / count, count: Int(count))
    }
}
