internal import Foundation
internal import Hosts
public import ImageData
internal import Layers
internal import ModelFiles
public import ProcessGroups
internal import Tensors

/// How long a run trains, in which batches and at which rate.
public struct TrainingPlan: Sendable {
    /// Epochs in the run; evaluation follows each.
    public let epochs: Int
    /// Steps in an epoch.
    public let stepsPerEpoch: Int
    /// Samples in a step, over all ranks.
    public let globalBatch: Int
    /// Portions into which a step's batch is cut to save memory.
    public let accumulation: Int
    /// Learning rate of new layers.
    public let learningRate: Double
    /// How the rate moves.
    public let schedule: LearningRateSchedule
    /// Epochs at the start in which only the new head trains.
    public let headOnlyEpochs: Int

    /// A plan from its parts.
    public init(
        epochs: Int, stepsPerEpoch: Int, globalBatch: Int, accumulation: Int, learningRate: Double,
        schedule: LearningRateSchedule, headOnlyEpochs: Int = 0
    ) {
        (self.epochs, self.stepsPerEpoch, self.globalBatch) = (epochs, stepsPerEpoch, globalBatch)
        (self.accumulation, self.learningRate, self.schedule) = (accumulation, learningRate, schedule)
        self.headOnlyEpochs = headOnlyEpochs
    }

    /// Steps in the run.
    public var stepCount: Int { epochs * stepsPerEpoch }
}

/// Trains a classifier from the first step to the last.
///
/// You are here: the command line has put together data, network, method and optimizer; the loop below feeds
/// batches to `TrainingStep`, evaluates after each epoch and keeps the best model by the validation split.
public final class Trainer {
    /// The splits of a run.
    public struct Data {
        /// This rank's part of the training batches.
        public let training: BatchLoader
        /// Evaluated after each epoch; nil: the last state is the model.
        public let validation: Evaluator?
        /// Evaluated once, at the end.
        public let test: Evaluator?

        /// The splits.
        public init(training: BatchLoader, validation: Evaluator?, test: Evaluator?) {
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

    private let step: TrainingStep
    private let plan: TrainingPlan
    private let data: Data
    private let normalization: BatchNormalizationMode
    private let group: any ProcessGroup
    private let directory: RunDirectory?
    private let progress: ProgressLine?
    private let metadata: [String: String]
    private let files: RunFiles
    private let policy: CheckpointPolicy
    private var position: RunPosition

    private var classifier: Classifier { step.classifier }

    /// - Parameters:
    ///   - step: What trains on a batch.
    ///   - plan: How long and at which rate.
    ///   - data: The splits.
    ///   - normalization: How batch normalization works.
    ///   - group: The ranks.
    ///   - directory: Where to write; on rank 0 only.
    ///   - progress: Where to report; on rank 0 only.
    ///   - metadata: Strings for the header of the saved model.
    ///   - checkpoints: Where to save; on rank 0 only.
    ///   - policy: When to save.
    ///   - resume: Where the run goes on from, if it does; on rank 0 only.
    /// - Throws: `CollectiveFailure` where the state does not fit.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public init(
        step: TrainingStep, plan: TrainingPlan, data: Data, normalization: BatchNormalizationMode,
        group: any ProcessGroup, directory: RunDirectory?, progress: ProgressLine?,
        metadata: [String: String],
        checkpoints: RunCheckpoints?, policy: CheckpointPolicy, resume: ResumePoint?
    ) throws {
        (self.step, self.plan, self.data, self.group) = (step, plan, data, group)
        (self.normalization, self.directory) = (normalization, directory)
        (self.progress, self.metadata) = (progress, metadata)
        self.policy = policy
        files = RunFiles(
            directory: directory, checkpoints: checkpoints, policy: policy, progress: progress, group: group)
        step.report = { progress?.say($0) }
        // Rank 0 says where the run stands.
        let own = resume?.position ?? RunPosition(step: 0, best: nil)
        let bytes = try group.coordinate { Array(try JSONEncoder().encode(own)) }
        position = try JSONDecoder().decode(RunPosition.self, from: Foundation.Data(bytes))
        if position.step > 0 { try step.restore(resume?.state, normalization: normalization) }
    }

    /// Trains, and saves the best model.
    ///
    /// - Returns: How it went, the same on every rank.
    /// - Throws: `CollectiveFailure` where the loss is no number any more, where rank 0 could not write a file
    ///   and where a signal ended the run; what data and group throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func run() throws -> Outcome {
        let start = ContinuousClock.now
        while position.step < plan.stepCount {
            let epoch = position.step / plan.stepsPerEpoch
            let result = try train(position.step, epoch: epoch)
            position.step += 1
            if result.saveHasFailed { try files.endIfNeeded() }
            if position.step % plan.stepsPerEpoch == 0 { try evaluateEpoch() }
            try saveState(after: result)
        }
        if data.validation == nil { try save() }
        try files.finish(isNeeded: false)
        let best = position.best
        let test = try evaluateTest(savedAtLastStep: best.map { $0.step == plan.stepCount } ?? true)
        let outcome = Outcome(
            bestStep: best?.step ?? plan.stepCount, validation: best?.evaluation, test: test)
        let finished = FinishedEvent(
            bestStep: outcome.bestStep, accuracy: (test ?? best?.evaluation)?.accuracy,
            seconds: (ContinuousClock.now - start).seconds)
        files.log(.finished(finished))
        try files.endIfNeeded()
        return outcome
    }

    /// Evaluates on the validation split, and saves the model if it is the best so far.
    private func evaluateEpoch() throws {
        if normalization == .local { try classifier.averageRunningStatistics(over: group) }
        guard let validation = data.validation else { return }
        let evaluation = try validation.evaluate(classifier)
        files.log(.evaluation(EvaluationEvent("validation", step: position.step, evaluation)))
        progress?.say("validation after step \(position.step): \(evaluation.summary)")
        if position.best.map({ evaluation.accuracy > $0.evaluation.accuracy }) ?? true {
            position.best = .init(step: position.step, evaluation: evaluation)
            try save()
        }
    }

    /// Saves the state if it is time to, or if a signal ends the run.
    ///
    /// - Throws: `CollectiveFailure` with exit code 75 after a signal, 74 where the state then cannot be saved.
    private func saveState(after result: TrainingStep.Result) throws {
        let isDue = policy.everySteps.map { position.step % $0 == 0 } ?? false
        guard isDue || result.stopCount > 0 else { return }
        try files.save(position, of: step, normalization: normalization)
        guard result.stopCount > 0 else { return }
        try files.finish(isNeeded: true)
        throw CollectiveFailure(
            message: "stopped by a signal after step \(position.step), which is saved; run again to continue",
            exitCode: ExitCode.stopped)
    }

    private func train(_ step: Int, epoch: Int) throws -> TrainingStep.Result {
        files.reportSaves()
        let began = ContinuousClock.now
        let batches = try self.step.stopwatch.measure(.data) {
            try (0..<plan.accumulation).map { try data.training.batch(step: step * plan.accumulation + $0) }
        }
        let rate = plan.learningRate * plan.schedule.factor(step: step)
        let result = try self.step.run(
            batches, globalBatch: plan.globalBatch, rate: rate, number: step + 1,
            saveHasFailed: files.mustEnd, headOnly: epoch < plan.headOnlyEpochs)
        // The loss is that of the global batch: every rank stops here or none does.
        guard result.loss.isFinite else {
            throw CollectiveFailure(
                message: Self.divergence(step: step + 1, loss: result.loss), exitCode: ExitCode.internalError)
        }
        let elapsed = (ContinuousClock.now - began).seconds
        let event = StepEvent(
            step: step + 1, epoch: epoch, loss: result.loss, classificationLoss: result.classificationLoss,
            penalty: result.penalty, accuracy: result.accuracy, learningRate: rate,
            imagesPerSecond: Double(plan.globalBatch) / elapsed, seconds: self.step.stopwatch.lap())
        files.log(.step(event))
        progress?.show(event, of: plan.stepCount)
        return result
    }

    /// The test split is looked at once, with the model that was saved.
    private func evaluateTest(savedAtLastStep: Bool) throws -> Evaluation? {
        guard let test = data.test else { return nil }
        if !savedAtLastStep {
            try group.coordinate { [classifier, directory] in
                guard let directory else { return }
                try classifier.load(SafetensorsFile(contentsOf: directory.modelPath))
            }
            try classifier.replicate(over: group)
        }
        let evaluation = try test.evaluate(classifier)
        files.log(.evaluation(EvaluationEvent("test", step: plan.stepCount, evaluation)))
        progress?.say("test: \(evaluation.summary)")
        return evaluation
    }

    /// Says at which step the loss has left the range of numbers, and what to do.
    private static func divergence(step: Int, loss: Double) -> String {
        "the loss at step \(step) is \(loss.isNaN ? "not a number" : "infinite"): training has diverged; lower optimizer.learning-rate, add "
            + "schedule.warm-up-steps or set training.clip-gradient-norm"
    }

    private func save() throws {
        try group.coordinate { [classifier, directory, metadata] in
            guard let directory else { return }
            try classifier.file(metadata: metadata).write(to: directory.modelPath)
        }
    }
}

extension Evaluation {
    /// For example `accuracy 91.20 %, mean class accuracy 90.88 %, loss 0.2713, 4000 samples`.
    public var summary: String {
        String(
            format: "accuracy %.2f %%, mean class accuracy %.2f %%, loss %.4f, %d samples", accuracy * 100,
            meanClassAccuracy * 100, loss, count)
    }
}
