/// Where a run stands, beside its tensors. Together with them it is all that a later step depends on.
struct RunPosition: Codable, Equatable {
    /// The best model so far, by the validation split.
    struct Best: Codable, Equatable {
        var step: Int
        var evaluation: Evaluation
    }

    /// Steps done. With the seed it is the position in the order of the samples, too.
    var step: Int
    /// Nil before the first evaluation.
    var best: Best?
    /// η of the last step, before the multipliers of the groups; nil before the first one.
    var learningRate: Double?
    /// η of the step after it, as the plan was then: whether another plan goes on can be told.
    var nextLearningRate: Double?
}
