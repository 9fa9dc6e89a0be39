internal import Foundation
public import ImageData
public import Layers
public import ProcessGroups
internal import Tensors

/// How well a classifier does on a split, over all ranks.
public struct Evaluation: Sendable, Equatable, Codable {
    /// Share of samples whose largest logit is that of their label.
    public let accuracy: Double
    /// Mean over the classes that have samples of the share that is right.
    public let meanClassAccuracy: Double
    /// Mean cross-entropy.
    public let loss: Double
    /// Number of samples, each counted once.
    public let count: Int
}

/// What a classifier said of one sample.
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

    private let loader: EvaluationLoader
    private let group: any ProcessGroup

    /// - Parameters:
    ///   - loader: This rank's part of the samples.
    ///   - group: The ranks.
    public init(_ loader: EvaluationLoader, group: any ProcessGroup) {
        (self.loader, self.group) = (loader, group)
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
        // Summed over the ranks: the loss, then right answers and samples of each class.
        var sums = [Double](repeating: 0, count: 1 + 2 * classes)
        for step in 0..<loader.batchCount {
            group.noteProgress()
            let batch = try loader.batch(step)
            let (_, logits) = try classifier(Variable(batch.images), .inference)
            let logProbabilities = logits.value.logSoftmax().elements
            let predicted = logits.value.largestColumns
            for (row, label) in batch.labels.enumerated() {
                sums[0] -= Double(logProbabilities[row * classes + label])
                sums[1 + label] += predicted[row] == label ? 1 : 0
                sums[1 + classes + label] += 1
                try observe(
                    Prediction(
                        position: batch.positions[row], label: label, predicted: predicted[row],
                        probabilities: logProbabilities[row * classes..<(row + 1) * classes].map { exp($0) }))
            }
        }
        try group.allReduce(&sums)
        let (right, counts) = (sums[1...classes], sums[(1 + classes)...])
        let count = counts.reduce(0, +)
        let shares = zip(right, counts).filter { $0.1 > 0 }.map { $0.0 / $0.1 }
        return Evaluation(
            accuracy: right.reduce(0, +) / count,
            meanClassAccuracy: shares.reduce(0, +) / Double(shares.count),
            loss: sums[0] / count, count: Int(count))
    }
}
