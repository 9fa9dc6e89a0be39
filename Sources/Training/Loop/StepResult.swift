extension TrainingStep {
    /// What a step computed, of the global batch; the same on every rank.
    public struct Result: Sendable {
        /// Mean cross-entropy.
        public let classificationLoss: Double
        /// The method's own term before its weight.
        public let penalty: Double
        /// The method's term on samples with its weight: its part of the objective.
        public let weightedPenalty: Double
        /// The quadratic terms on parameters with their strengths: their part of the objective.
        public let parameterPenalty: Double
        /// The whole objective, before the step.
        public let loss: Double
        /// Share of samples whose largest logit was that of their label.
        public let accuracy: Double
        /// What any rank voted for.
        public let ballot: StepBallot
        /// What each rank spent earlier steps on, in a step in which the ranks told each other; else empty.
        public let loads: [StepSeconds]

        /// - Parameters:
        ///   - totals: Of all ranks.
        ///   - penalties: Quadratic terms on parameters.
        ///   - globalBatch: Samples of all ranks and micro-batches.
        init(_ totals: StepTotals, _ penalties: PenaltyValues, globalBatch: Int) {
            classificationLoss = totals.classificationLoss
            penalty = totals.penalty + penalties.backbone
            weightedPenalty = totals.weightedPenalty
            parameterPenalty = penalties.objective
            loss = totals.classificationLoss + totals.weightedPenalty + penalties.objective
            accuracy = totals.correctCount / Double(globalBatch)
            (ballot, loads) = (totals.ballot, totals.loads)
        }
    }
}
