public import Layers
internal import ProcessGroups

/// A run without steps: its classifier was computed in one go, and is evaluated, saved and tested.
///
/// It leaves what a run of steps leaves, but for step events and checkpoints; its one model stands after step 0.
public struct FinishedModelRun {
    private let classifier: Classifier
    private let validation: Evaluator?
    private let test: Evaluator?
    private let bestBy: BestMeasure
    private let files: RunFiles
    private let start: ContinuousClock.Instant

    /// - Parameters:
    ///   - classifier: The model, equal on all ranks.
    ///   - validation: The validation split, if there is one.
    ///   - test: The test split, if there is one.
    ///   - bestBy: Which number of the evaluation the log names.
    ///   - files: What the run writes.
    ///   - start: When the computation began, for the seconds of the log.
    public init(
        _ classifier: Classifier, validation: Evaluator?, test: Evaluator?, bestBy: BestMeasure = .accuracy,
        files: RunFiles, since start: ContinuousClock.Instant = .now
    ) {
        (self.classifier, self.validation, self.test) = (classifier, validation, test)
        (self.bestBy, self.files, self.start) = (bestBy, files, start)
    }

    /// Evaluates, saves and tests the model.
    ///
    /// - Returns: How it went, the same on every rank.
    /// - Throws: `CollectiveFailure` where an evaluation is non-finite or rank 0 could not write a file; what data and group throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func run() throws -> Trainer.Outcome {
        files.begin(after: 0)
        // What was seen of the last evaluation.
        var observed: ObservedEvaluation?
        let validated = try validation.map { try evaluate($0, "validation", &observed) }
        try files.saveModel(classifier, step: 0, bestBy: bestBy, validation: validated)
        let tested = try test.map { try evaluate($0, "test", &observed) }
        if let tested {
            try files.describeModel(step: 0, bestBy: bestBy, validation: validated, test: tested)
        }
        try files.recordOutcome { try $0.record(observed, of: classifier) }
        let outcome = Trainer.Outcome(bestStep: 0, validation: validated, test: tested)
        files.log(.finished(FinishedEvent(outcome, bestBy: bestBy, since: start)))
        try files.endIfNeeded()
        return outcome
    }

    private func evaluate(
        _ samples: Evaluator, _ split: String, _ observed: inout ObservedEvaluation?
    ) throws -> Evaluation {
        observed = files.observation(of: split)
        let evaluation = try samples.evaluate(classifier, recording: &observed)
        files.log(.evaluation(EvaluationEvent(split, step: 0, evaluation)))
        files.say("\(split): \(evaluation.summary)")
        try Divergence.check(evaluation, "\(split)")
        return evaluation
    }
}
