internal import Foundation
internal import Hosts
internal import ImageData
public import Layers
public import ProcessGroups
internal import Tensors

/// How well a classifier does on a split, over all ranks.
///
/// A sample whose logits are not all finite has no class: it counts as wrong, and the loss is NaN. In JSON such a loss
/// is null.
public struct Evaluation: Sendable, Equatable, Codable {
    /// Share of samples whose largest logit is that of their label.
    @FiniteOrNull public private(set) var accuracy: Double
    /// Mean over the classes that have samples of the share that is classified correctly.
    @FiniteOrNull public private(set) var meanClassAccuracy: Double
    /// Mean cross-entropy.
    @FiniteOrNull public private(set) var loss: Double
    /// Number of samples, each counted once.
    public let count: Int

    /// Whether some classifier could have it: what is read from a file need not be one.
    var isPossible: Bool {
        (0...1).contains(accuracy) && (0...1).contains(meanClassAccuracy) && loss >= 0 && count >= 1
    }

    /// For example `accuracy 91.20 %, mean class accuracy 90.88 %, loss 0.2713, 4000 samples`.
    public var summary: String {
        String(
            format: "accuracy %.2f %%, mean class accuracy %.2f %%, loss %@, %d samples", accuracy * 100,
            meanClassAccuracy * 100, loss.isNaN ? "not a number" : String(format: "%.4f", loss), count)
    }
}

/// The prediction of a classifier for one sample.
public struct Prediction: Sendable, Equatable {
    /// The sample's position in what was evaluated.
    public let position: Int
    /// Its class.
    public let label: Int
    /// The class with the largest probability; means nothing where they are not finite.
    public let predicted: Int
    /// One probability a class.
    public let probabilities: [Float]

    /// Whether the classifier's outputs were numbers.
    public var isFinite: Bool { probabilities.allSatisfy(\.isFinite) }

    /// Whether the class is the right one.
    var isCorrect: Bool { predicted == label && isFinite }
}

/// Evaluates a classifier on a data set: every sample once, each on one rank.
///
/// A rank takes a contiguous part of the samples, and of an uneven number some ranks take one more. Nothing
/// is padded and no sample counts twice.
public struct Evaluator {
    /// Samples that a rank looks at together: as fast as more of them, and feature maps of more would take more memory
    /// than a step of training.
    public static let batchSize = 16

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
        try totals(of: classifier) { prediction, _, _ in try observe(prediction) }
    }

    /// The same, for a report.
    ///
    /// - Parameters:
    ///   - classifier: What is evaluated.
    ///   - record: Takes what was seen of this rank's samples, features of the first view; nil: nobody asks.
    ///   - observe: Called for the predictions of this rank, in order of the samples.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func evaluate(
        _ classifier: Classifier, recording record: inout ObservedEvaluation?,
        observe: (Prediction) throws -> Void = { _ in }
    ) throws -> Evaluation {
        try totals(of: classifier) { prediction, features, row in
            record?.add(prediction, features, row: row)
            try observe(prediction)
        }
    }

    /// - Parameter observe: Called with each prediction, the features `[N, F]` of its batch, and its row there.
    private func totals(
        of classifier: Classifier, _ observe: (Prediction, Tensor, Int) throws -> Void
    ) throws -> Evaluation {
        let classes = classifier.classCount
        // All-reduced below: the loss, then correct predictions and samples of each class.
        var totals = [Double](repeating: 0, count: 1 + 2 * classes)
        // An image that one rank cannot read ends all of them in good order.
        try group.agree {
            try forEachPrediction(of: classifier) { prediction, logProbability, features, row in
                totals[0] -= Double(logProbability)
                totals[1 + prediction.label] += prediction.isCorrect ? 1 : 0
                totals[1 + classes + prediction.label] += 1
                try observe(prediction, features, row)
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

    /// A batch, its features and its logits. Of several views the features are the first one's, and the logits
    /// logarithms of the mean probabilities.
    private func output(
        of classifier: Classifier, _ number: Int
    ) throws -> (batch: Batch, features: Tensor, logits: Tensor) {
        let batch = try views[0].batch(number)
        let (features, logits) = try classifier(Variable(batch.images), .inference)
        guard views.count > 1 else { return (batch, features.value, logits.value) }
        // In logarithms, which do not vanish where the probabilities of all views do.
        var sums = logits.value.logSoftmax().elements.map(Double.init)
        for view in views.dropFirst() {
            let other = try classifier(Variable(view.batch(number).images), .inference).logits.value
            for (place, value) in other.logSoftmax().elements.enumerated() {
                sums[place] = Self.logarithmOfSum(sums[place], Double(value))
            }
        }
        let count = log(Double(views.count))
        return (batch, features.value, Tensor(logits.value.shape, sums.map { Float($0 - count) }))
    }

    /// `ln(eᵃ + eᵇ)`; NaN where one of them is.
    private static func logarithmOfSum(_ first: Double, _ second: Double) -> Double {
        guard first != second else { return first + log(2) }
        return max(first, second) + log1p(exp(-abs(first - second)))
    }

    /// Gives the predictions for this rank's samples, whatever their labels, in order of the samples. Not collective.
    ///
    /// - Throws: What the data throw.
    public func predict(_ classifier: Classifier, observe: (Prediction) throws -> Void) throws {
        try forEachPrediction(of: classifier) { prediction, _, _, _ in try observe(prediction) }
    }

    /// Calls `body` for each of this rank's samples with the logarithm of its label's probability, the features `[N, F]`
    /// of its batch, and its row there.
    private func forEachPrediction(
        of classifier: Classifier, _ body: (Prediction, Float, Tensor, Int) throws -> Void
    ) throws {
        let classes = classifier.classCount
        let meter = WorkMeter("evaluating", of: views[0].batchCount, "batches")
        for number in 0..<views[0].batchCount {
            defer { meter.advance() }
            group.noteProgress()
            let (batch, features, logits) = try output(of: classifier, number)
            let logProbabilities = logits.logSoftmax().elements
            let predicted = logits.largestColumns
            for (row, label) in batch.labels.enumerated() {
                let prediction = Prediction(
                    position: batch.positions[row], label: label, predicted: predicted[row],
                    probabilities: logProbabilities[row * classes..<(row + 1) * classes].map { exp($0) })
                try body(prediction, logProbabilities[row * classes + label], features, row)
            }
        }
    }
}
