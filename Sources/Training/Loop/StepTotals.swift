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

    /// Totals before the first micro-batch.
    ///
    /// - Parameter ballot: This rank's votes.
    init(_ ballot: StepBallot) {
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
        try group.allReduce(&values)
        (classificationLoss, penalty, weightedPenalty) = (values[0], values[1], values[2])
        (correctCount, stopVotes, saveFailures, loadFailures) = (values[3], values[4], values[5], values[6])
        learningRate = values[7]
    }
}
