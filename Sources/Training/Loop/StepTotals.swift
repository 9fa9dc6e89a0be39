internal import ProcessGroups

/// Numbers of a step that are added up over micro-batches and, in one all-reduce, over the ranks.
struct StepTotals {
    /// Cross-entropy, already divided by the samples of the global batch.
    var classificationLoss = 0.0
    /// The method's term before its weight.
    var penalty = 0.0
    /// The method's term with its weight.
    var weightedPenalty = 0.0
    /// Samples whose largest logit is that of their label.
    var correctCount = 0.0
    /// Rank 0's learning rate. Cosines and powers may differ in their last bit between hosts with other versions of
    /// the mathematical library or other processors, and replicas must move by the same.
    private(set) var learningRate = 0.0
    /// Ranks that voted to stop.
    private var stopVotes: Double
    /// Ranks that could not write a file: 1 or 0.
    private var saveFailures: Double
    /// Ranks that could not read their samples.
    private var loadFailures: Double
    /// What this rank spent earlier steps on, in a step in which the ranks tell each other.
    private let load: StepSeconds?
    /// The same of all ranks, after the all-reduce; empty in other steps.
    private(set) var loads: [StepSeconds] = []

    /// Totals before the first micro-batch.
    ///
    /// - Parameters:
    ///   - ballot: This rank's votes.
    ///   - load: What this rank spent earlier steps on; nil on all ranks or on none.
    init(_ ballot: StepBallot, load: StepSeconds? = nil) {
        self.load = load
        (stopVotes, saveFailures) = (ballot.stop ? 1 : 0, ballot.saveHasFailed ? 1 : 0)
        loadFailures = ballot.loadHasFailed ? 1 : 0
    }

    /// What any rank voted for.
    var ballot: StepBallot {
        StepBallot(stop: stopVotes > 0, saveHasFailed: saveFailures > 0, loadHasFailed: loadFailures > 0)
    }

    /// Replaces this rank's share by the sum over all ranks.
    ///
    /// - Parameters:
    ///   - group: The ranks.
    ///   - rate: The learning rate as this rank computes it.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    mutating func allReduce(over group: any ProcessGroup, learningRate rate: Double) throws {
        var values = [
            classificationLoss, penalty, weightedPenalty, correctCount, stopVotes, saveFailures, loadFailures,
            group.rank == 0 ? rate : 0,
        ]
        let totalCount = values.count
        if let load {
            // A rank adds zeros to the places of the others.
            for rank in 0..<group.size {
                values += StepSeconds.Part.allCases.map { rank == group.rank ? load[$0] : 0 }
            }
        }
        try group.allReduce(&values)
        loads = Self.loads(values.dropFirst(totalCount))
        (classificationLoss, penalty, weightedPenalty) = (values[0], values[1], values[2])
        (correctCount, stopVotes, saveFailures, loadFailures) = (values[3], values[4], values[5], values[6])
        learningRate = values[7]
    }

    /// What each rank spent its time on, from one number a part and rank.
    private static func loads(_ values: ArraySlice<Double>) -> [StepSeconds] {
        let parts = StepSeconds.Part.allCases
        return stride(from: values.startIndex, to: values.endIndex, by: parts.count).map { start in
            var seconds = StepSeconds.zero
            for (index, part) in parts.enumerated() { seconds[part] = values[start + index] }
            return seconds
        }
    }
}
