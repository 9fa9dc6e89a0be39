internal import Reports
package import Training

/// Which samples of an evaluation a report shows; it depends on what was predicted for them and on nothing else.
package struct PictureChoice: Sendable {
    /// A class that was taken for another.
    package struct ConfusedPair: Sendable, Equatable {
        /// The class of the label.
        package let truth: Int
        /// The class that was predicted.
        package let prediction: Int
        /// Samples.
        package let count: Int
        /// Some of them, those first of which the model was surest.
        package let samples: [Int]
    }

    /// Wrong predictions, the surest first; last come samples without a prediction.
    package let worst: [Int]
    /// Right predictions, the surest first.
    package let best: [Int]
    /// The pairs with most errors, most first.
    package let confused: [ConfusedPair]
    /// Labels that are probably wrong, the most suspect first.
    package let suspectLabels: [Int]
    /// All of these samples, each once, in the order in which they are named first.
    package let samples: [Int]

    /// Chooses among the samples of an evaluation.
    package init(_ evaluated: EvaluatedSamples) {
        typealias Limits = ReportRecord.Limits
        let ranks = evaluated.probabilities.map(Self.rank)
        let surest = (0..<evaluated.count).sorted { (-ranks[$0], $0) < (-ranks[$1], $1) }
        let wrong = surest.filter { !evaluated.isCorrect($0) }
        worst = Array(wrong.prefix(Limits.worst))
        best = Array(surest.lazy.filter { evaluated.isCorrect($0) }.prefix(Limits.best))
        confused = Self.confusedPairs(evaluated, wrong)
        suspectLabels = evaluated.suspectLabels(limit: Limits.suspectLabels)
        var seen: Set<Int> = []
        samples = Array(
            (worst + best + confused.flatMap(\.samples) + suspectLabels).filter { seen.insert($0).inserted }
                .prefix(Limits.pictures))
    }

    /// Indices into `samples` of some of them.
    package func indices(of positions: [Int]) -> [Int] { positions.compactMap { samples.firstIndex(of: $0) } }

    /// A probability as choices compare it: what differs by rounding, as it does between numbers of ranks, is equal, and
    /// the order of the samples decides.
    static func rank(_ probability: Double) -> Int {
        probability.isFinite ? Int((probability * 10_000).rounded()) : 0
    }

    /// - Parameter wrong: Wrong predictions, the surest first.
    private static func confusedPairs(_ evaluated: EvaluatedSamples, _ wrong: [Int]) -> [ConfusedPair] {
        var members: [[Int]: [Int]] = [:]
        for position in wrong where evaluated.isClassified(position) {
            members[[evaluated.labels[position], evaluated.predictions[position]], default: []].append(
                position)
        }
        let pairs = members.map { pair, positions in
            ConfusedPair(
                truth: pair[0], prediction: pair[1], count: positions.count,
                samples: Array(positions.prefix(ReportRecord.Limits.picturesOfPair)))
        }
        return Array(
            pairs.sorted {
                (-$0.count, $0.truth, $0.prediction) < (-$1.count, $1.truth, $1.prediction)
            }.prefix(ReportRecord.Limits.confusedPairs))
    }
}
