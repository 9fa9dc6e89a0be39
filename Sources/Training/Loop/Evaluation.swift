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

    private let views: [any EvaluationSource]
    private let group: any ProcessGroup

    /// - Parameters:
    ///   - samples: This rank's part of them.
    ///   - group: The ranks.
    public init(_ samples: any EvaluationSource, group: any ProcessGroup) {
        self.init(views: [samples], group: group)
    }

    /// An evaluation that averages the probabilities of several views of each sample.
    ///
    /// - Parameters:
    ///   - views: This rank's part of the samples, once for each view; all with the same batches.
    ///   - group: The ranks.
    public init(views: [any EvaluationSource], group: any ProcessGroup) {
        precondition(!views.isEmpty, "an evaluation without a view")
        (self.views, self.group) = (views, group)
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
        try forEachPrediction(of: classifier) { prediction, logProbability in
            totals[0] -= Double(logProbability)
            totals[1 + prediction.label] += prediction.predicted == prediction.label ? 1 : 0
            totals[1 + classes + prediction.label] += 1
            try observe(prediction)
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

    /// A batch and its logits. Of several views these are logarithms of the mean probabilities.
    private func output(of classifier: Classifier, _ number: Int) throws -> (batch: Batch, logits: Tensor) {
        let batch = try views[0].batch(number)
        let (_, logits) = try classifier(Variable(batch.images), .inference)
        guard views.count > 1 else { return (batch, logits.value) }
        var means = [Double](repeating: 0, count: logits.value.count)
        func add(_ logits: Tensor) {
            for (place, value) in logits.logSoftmax().elements.enumerated() {
                means[place] += exp(Double(value)) / Double(views.count)
            }
        }
        add(logits.value)
        for view in views.dropFirst() {
            add(try classifier(Variable(view.batch(number).images), .inference).logits.value)
        }
        return (batch, Tensor(logits.value.shape, means.map { Float(log($0)) }))
    }

    /// Gives the predictions for this rank's samples, whatever their labels, in order of the samples. Not collective.
    ///
    /// - Throws: What the data throw.
    public func predict(_ classifier: Classifier, observe: (Prediction) throws -> Void) throws {
        try forEachPrediction(of: classifier) { prediction, _ in try observe(prediction) }
    }

    /// Calls `body` for each of this rank's samples with the logarithm of its label's probability.
    private func forEachPrediction(
        of classifier: Classifier, _ body: (Prediction, Float) throws -> Void
    ) throws {
        let classes = classifier.classCount
        for number in 0..<views[0].batchCount {
            group.noteProgress()
            let (batch, logits) = try output(of: classifier, number)
            let logProbabilities = logits.logSoftmax().elements
            let predicted = logits.largestColumns
            for (row, label) in batch.labels.enumerated() {
                let prediction = Prediction(
                    position: batch.positions[row], label: label, predicted: predicted[row],
                    probabilities: logProbabilities[row * classes..<(row + 1) * classes].map { exp($0) })
                try body(prediction, logProbabilities[row * classes + label])
            }
        }
    }
}
