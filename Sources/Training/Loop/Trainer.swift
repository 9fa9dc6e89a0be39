internal import Foundation
internal import Hosts
internal import ImageData
internal import Layers
internal import ProcessGroups

/// Trains a classifier from the first step to the last.
///
/// You are here: data, network, method and optimizer have been put together; the loop below feeds batches to
/// `TrainingStep`, evaluates after each epoch and keeps the best model by the validation split.
public final class Trainer {
    /// The splits of a run.
    public struct Data {
        /// This rank's part of the training batches.
        public let training: any BatchSource
        /// Evaluated after each epoch; nil: the last state is the model.
        public let validation: Evaluator?
        /// Evaluated once, at the end.
        public let test: Evaluator?

        /// The splits.
        public init(training: any BatchSource, validation: Evaluator?, test: Evaluator?) {
            (self.training, self.validation, self.test) = (training, validation, test)
        }
    }

    /// What a run ends with.
    public struct Outcome: Sendable {
        /// Steps after which the saved model stood.
        public let bestStep: Int
        /// The best evaluation on the validation split.
        public let validation: Evaluation?
        /// The saved model's evaluation on the test split.
        public let test: Evaluation?
    }

    let step: TrainingStep
    let data: Data
    let files: RunFiles
    private let plan: TrainingPlan
    private let isStopRequested: () -> Bool
    /// Nil where nobody should be told.
    private var advice: WireFormatAdvice?
    private var position: RunPosition
    /// What was seen of the evaluation of the saved model; nil where nobody records it, and before it.
    var observed: ObservedEvaluation?
    private var spent = RankLoad()
    /// What the last steps of which the ranks told each other waited for.
    private var wait: StepWait?
    /// This rank's micro-batches of the last step.
    private var batches: [Batch] = []

    var classifier: Classifier { step.classifier }

    /// A run at its beginning, or where a checkpoint leaves it.
    ///
    /// - Parameters:
    ///   - step: What trains on a batch.
    ///   - plan: How long and at which learning rate.
    ///   - data: The splits.
    ///   - files: What the run writes.
    ///   - resume: Where the run goes on from, if it does; on rank 0 only.
    ///   - advisesWireFormat: Whether the user is told where fewer bytes of gradients would make the run quicker.
    ///   - isStopRequested: Whether this rank was asked to stop; looked at before each step.
    /// - Throws: `CollectiveFailure` where the state does not fit.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public init(
        step: TrainingStep, plan: TrainingPlan, data: Data, files: RunFiles, resume: ResumePoint? = nil,
        advisesWireFormat: Bool = false, isStopRequested: @escaping () -> Bool = { StopSignal.isReceived }
    ) throws {
        (self.step, self.plan, self.data, self.files) = (step, plan, data, files)
        self.isStopRequested = isStopRequested
        advice = advisesWireFormat ? WireFormatAdvice() : nil
        step.tuner.report = { files.say($0) }
        files.profile = step.profile
        if let levels = step.levels, levels != .flat { files.say("\(levels)") }
        // Rank 0 says where the run stands.
        let own = resume?.position ?? RunPosition(step: 0, best: nil)
        let bytes = try step.group.coordinate { Array(try JSONEncoder().encode(own)) }
        position = try JSONDecoder().decode(RunPosition.self, from: Foundation.Data(bytes))
        if position.step > 0 { try step.restore(resume?.state, best: resume?.modelFile, upTo: position.step) }
    }

    /// Trains, and saves the best model.
    ///
    /// - Returns: How it went, the same on every rank.
    /// - Throws: `CollectiveFailure` where the training diverges: the loss of a step or of an evaluation, a parameter or
    ///   a running statistic is non-finite; where rank 0 could not write a file and where a signal ended the run; what
    ///   data and group throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func run() throws -> Outcome {
        do {
            return try runToEnd()
        } catch {
            // A checkpoint that is being written is where the run can go on from.
            files.settle(after: error)
            throw error
        }
    }

    private func runToEnd() throws -> Outcome {
        let start = ContinuousClock.now
        files.begin(after: position.step)
        while position.step < plan.stepCount {
            let ballot = try train(position.step)
            position.step += 1
            if ballot.saveHasFailed { try files.endIfNeeded() }
            if position.step % plan.stepsPerEpoch == 0 { try evaluateEpoch() }
            try saveState(stopping: ballot.stop)
        }
        if data.validation == nil {
            try saveLast()
        } else if position.best == nil {
            // A run that goes on from a checkpoint after its end, and that was never evaluated.
            try evaluateEpoch()
        }
        try files.finish(isNeeded: false)
        let best = position.best
        // Of a plan that became shorter the run stands after its end.
        let savedAtLastStep = best.map { $0.step == position.step } ?? true
        let test = try evaluateTest(savedAtLastStep: savedAtLastStep)
        let outcome = Outcome(
            bestStep: best?.step ?? position.step, validation: best?.evaluation, test: test)
        // A run that goes on from its end saves no model, and one that was killed may not have described it.
        try files.describeModel(
            step: outcome.bestStep, bestBy: plan.bestBy, validation: best?.evaluation, test: test)
        try recordOutcome(savedAtLastStep: savedAtLastStep)
        files.log(.finished(FinishedEvent(outcome, bestBy: plan.bestBy, since: start)))
        try files.endIfNeeded()
        return outcome
    }

    /// One step, and its line of the log.
    ///
    /// - Returns: What any rank voted for.
    private func train(_ done: Int) throws -> StepBallot {
        files.reportSaves()
        return try step.profiled { try trainWithoutReports(done) }
    }

    private func trainWithoutReports(_ done: Int) throws -> StepBallot {
        let began = ContinuousClock.now
        let failure = try load(done)
        let epoch = done / plan.stepsPerEpoch
        let rate = plan.learningRate(step: done)
        let result = try naming(step: done + 1) {
            try step.run(
                batches, globalBatch: plan.globalBatch, learningRate: rate, number: done + 1,
                scope: plan.scope(epoch: epoch),
                ballot: StepBallot(
                    stop: isStopRequested(), saveHasFailed: files.mustEnd, loadHasFailed: failure != nil),
                load: spent.taken(inStep: done + 1))
        }
        if result.ballot.loadHasFailed {
            try step.group.agree { () throws -> Void in if let failure { throw failure } }
        }
        let elapsed = (ContinuousClock.now - began).seconds
        let seconds = step.stopwatch.lap()
        if !result.loads.isEmpty { wait = StepWait(among: result.loads) }
        spent.add(seconds)
        let event = StepEvent(
            step: done + 1, epoch: epoch, loss: result.loss, classificationLoss: result.classificationLoss,
            penalty: result.penalty, accuracy: result.accuracy, learningRate: rate,
            imagesPerSecond: Double(plan.globalBatch) / elapsed, seconds: seconds)
        files.log(event, of: plan, wait: wait)
        if let line = advice?.note(seconds) { files.warn(line) }
        try Divergence.check(result, step: done + 1, isFirst: done == 0)
        sayParts(of: result, step: done + 1)
        return result.ballot
    }

    /// Names the step where the method finds that training has diverged.
    private func naming<Result>(step: Int, _ work: () throws -> Result) throws -> Result {
        do { return try work() } catch let failure as CollectiveFailure
            where failure.exitCode == ExitCode.internalError
        {
            throw CollectiveFailure(message: "step \(step): \(failure.message)", exitCode: failure.exitCode)
        }
    }

    /// Says what the objective consists of at the first step at which the method has a say: no weight has moved then,
    /// but for a head that was warmed up, and a term that outweighs all others is seen at once.
    private func sayParts(of result: TrainingStep.Result, step: Int) {
        let scopes = [step - 2, step - 1].map { $0 < 0 ? nil : plan.scope(epoch: $0 / plan.stepsPerEpoch) }
        guard scopes[1] == .all, scopes[0] != .all else { return }
        files.say(
            String(
                format:
                    "objective at step %d, before its update: %.6g = classification loss %.6g + method's penalty %.6g + penalty on parameters %.6g",
                step, result.loss, result.classificationLoss, result.weightedPenalty, result.parameterPenalty)
        )
    }

    /// Reads this rank's samples of a step.
    ///
    /// - Returns: Why they cannot be read. The samples of the step before are left then, so that this rank can take
    ///   part in a step that does not count, in which the others learn of it.
    private func load(_ done: Int) throws -> (any Error)? {
        let loaded = Result {
            try step.stopwatch.measure(.data, named: "wait for data") {
                try (0..<plan.accumulation).map {
                    try data.training.batch(step: done * plan.accumulation + $0)
                }
            }
        }
        // In the first step of a start there are none before.
        if batches.isEmpty { try step.group.agree { _ = try loaded.get() } }
        do {
            batches = try loaded.get()
            return nil
        } catch {
            return error
        }
    }

    /// Evaluates on the validation split, and saves the model if it is the best so far.
    private func evaluateEpoch() throws {
        if step.normalization == .local { try classifier.averageRunningStatistics(over: step.group) }
        try step.requireFiniteState(after: position.step)
        files.logWeights(after: position.step, of: step.regularizer)
        guard let validation = data.validation else { return }
        // Of the test split, where there is one.
        var seen = data.test == nil ? files.observation(of: "validation") : nil
        let evaluation = try step.profile.span("evaluation", .evaluation) {
            try validation.evaluate(classifier, recording: &seen)
        }
        files.log(.evaluation(EvaluationEvent("validation", step: position.step, evaluation)))
        files.say("validation after step \(position.step): \(evaluation.summary)")
        try Divergence.check(evaluation, "validation after step \(position.step)")
        if position.best.map({ plan.bestBy.prefers(evaluation, to: $0.evaluation) }) ?? true {
            position.best = .init(step: position.step, evaluation: evaluation)
            observed = seen
            try saveModel(evaluation)
        }
    }

    /// Saves the last state, which nothing has evaluated, as the model of the run.
    private func saveLast() throws {
        if let last = batches.last { try step.requireFiniteLogits(of: last, after: position.step) }
        try saveModel(nil)
    }

    /// Saves the present state as the model of the run, and what is known of it.
    private func saveModel(_ validation: Evaluation?) throws {
        try files.saveModel(
            classifier, step: position.step, bestBy: plan.bestBy, validation: validation)
    }

    /// Saves the state if it is time to, or if a signal ends the run.
    ///
    /// - Throws: `CollectiveFailure` with exit code 75 after a signal, 74 where the state then cannot be saved.
    private func saveState(stopping: Bool) throws {
        let isLast = plan.savesLastState && position.step == plan.stepCount
        guard stopping || isLast || files.policy.isDue(after: position.step) else { return }
        try step.requireFiniteState(after: position.step)
        position.learningRate = plan.learningRate(step: position.step - 1)
        position.nextLearningRate = plan.learningRate(step: position.step)
        try step.profile.span("copy for the checkpoint of step \(position.step)", .checkpoint) {
            try files.save(position, of: step)
        }
        guard stopping else { return }
        try files.finish(isNeeded: true)
        throw CollectiveFailure(
            message: "stopped by a signal after step \(position.step), which is saved; run again to continue",
            exitCode: ExitCode.stopped)
    }

    /// The test split is looked at once, with the model that was saved.
    private func evaluateTest(savedAtLastStep: Bool) throws -> Evaluation? {
        guard let test = data.test else { return nil }
        if !savedAtLastStep {
            try files.loadModel(into: classifier)
            try classifier.replicate(over: step.group)
        }
        observed = files.observation(of: "test")
        let evaluation = try test.evaluate(classifier, recording: &observed)
        files.log(.evaluation(EvaluationEvent("test", step: position.step, evaluation)))
        files.say("test: \(evaluation.summary)")
        try Divergence.check(evaluation, "test, of the saved model,")
        return evaluation
    }
}
