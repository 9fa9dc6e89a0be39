package import ProcessGroups
internal import Tensors

/// What the report of a run needs of an evaluation: the prediction of each of this rank's samples, and features of some.
///
/// It takes 16 bytes a sample, and 4 · F for each of those whose features are kept. Nothing is computed for it: all comes
/// from the evaluation's own forward pass.
package struct ObservedEvaluation: Sendable {
    /// `test`, `validation` or, of data that a user named, `evaluation`.
    package let split: String
    /// Samples whose features are kept, of those of all ranks.
    private let selection: EvenSelection
    private var labels: [Int32] = []
    private var predictions: [Int32] = []
    private var probabilities: [Float] = []
    private var labelProbabilities: [Float] = []
    private var features: [Float] = []

    /// An evaluation of which nothing was seen yet.
    ///
    /// - Parameters:
    ///   - split: `test`, `validation` or `evaluation`.
    ///   - count: Samples of all ranks.
    ///   - featureCount: The most samples whose features are kept; the same ones at any number of ranks.
    package init(of split: String, sampleCount count: Int, featureCount: Int) {
        self.split = split
        selection = EvenSelection(of: count, atMost: featureCount)
    }

    /// Takes the next sample.
    ///
    /// - Parameters:
    ///   - prediction: What the classifier says of it.
    ///   - features: `[N, F]` of its batch.
    ///   - row: Its row there.
    mutating func add(_ prediction: Prediction, _ features: Tensor, row: Int) {
        let isFinite = prediction.isFinite
        labels.append(Int32(prediction.label))
        predictions.append(isFinite ? Int32(prediction.predicted) : -1)
        probabilities.append(isFinite ? prediction.probabilities[prediction.predicted] : .nan)
        labelProbabilities.append(isFinite ? prediction.probabilities[prediction.label] : .nan)
        guard selection.contains(prediction.position) else { return }
        self.features += features.dense().rows(row..<row + 1).elements
    }

    /// The samples of all ranks, on every rank. Ranks hold contiguous parts of the samples, so that in order of rank they
    /// are in their order.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func gathered(over group: any ProcessGroup) throws -> EvaluatedSamples {
        EvaluatedSamples(
            split: split, labels: try group.allGather(labels).map(Int.init),
            predictions: try group.allGather(predictions).map(Int.init),
            probabilities: try group.allGather(probabilities).map(Double.init),
            labelProbabilities: try group.allGather(labelProbabilities).map(Double.init),
            featurePositions: selection.positions, features: try group.allGather(features))
    }
}

/// What a classifier says of all samples of a split, in their order.
package struct EvaluatedSamples: Sendable {
    /// `test`, `validation` or `evaluation`.
    package let split: String
    /// The class of each sample.
    package let labels: [Int]
    /// The class that was predicted for each; -1 where the outputs were not finite, which is wrong.
    package let predictions: [Int]
    /// The probability of that class; NaN where there is none.
    package let probabilities: [Double]
    /// The probability of the label; NaN where no class was predicted.
    package let labelProbabilities: [Double]
    /// Samples whose features are known, ascending.
    package let featurePositions: [Int]
    /// Their features, one sample after the other.
    package let features: [Float]

    /// Samples from their parts.
    package init(
        split: String, labels: [Int], predictions: [Int], probabilities: [Double],
        labelProbabilities: [Double], featurePositions: [Int] = [], features: [Float] = []
    ) {
        precondition(
            predictions.count == labels.count && probabilities.count == labels.count
                && labelProbabilities.count == labels.count,
            "\(labels.count) labels, \(predictions.count) predictions, \(probabilities.count) and \(labelProbabilities.count) probabilities"
        )
        (self.split, self.labels, self.predictions) = (split, labels, predictions)
        (self.probabilities, self.labelProbabilities) = (probabilities, labelProbabilities)
        (self.featurePositions, self.features) = (featurePositions, features)
    }

    /// Number of samples.
    package var count: Int { labels.count }

    /// Whether a class was predicted for a sample.
    package func isClassified(_ position: Int) -> Bool { predictions[position] >= 0 }

    /// Whether a sample was classified right.
    package func isCorrect(_ position: Int) -> Bool { predictions[position] == labels[position] }
}
