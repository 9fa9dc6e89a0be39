/// One line of `metrics.jsonl`. All numbers are of the global batch or of all ranks, except seconds, which
/// are rank 0's.
public enum RunEvent: Sendable {
    /// After a training step.
    case step(StepEvent)
    /// After an evaluation.
    case evaluation(EvaluationEvent)
    /// After a checkpoint was written.
    case checkpoint(CheckpointEvent)
    /// How far the backbone's layers are from where they started.
    case distances(DistancesEvent)
    /// The spectrum of a batch's features, of a method that looks at it.
    case spectrum(SpectrumEvent)
    /// A line that a person should read.
    case notice(NoticeEvent)
    /// At the end of a run.
    case finished(FinishedEvent)
}

/// What is logged of a training step.
public struct StepEvent: Sendable, Encodable {
    /// Steps done so far; the first is 1.
    public let step: Int
    /// Epoch of the step; the first is 0.
    public let epoch: Int
    /// The whole objective.
    @FiniteOrNull public private(set) var loss: Double
    /// Mean cross-entropy.
    @FiniteOrNull public private(set) var classificationLoss: Double
    /// The method's own term before its weight.
    @FiniteOrNull public private(set) var penalty: Double
    /// Share of the batch that was classified right.
    @FiniteOrNull public private(set) var accuracy: Double
    /// Learning rate of new layers.
    @FiniteOrNull public private(set) var learningRate: Double
    /// Images of all ranks a second.
    @FiniteOrNull public private(set) var imagesPerSecond: Double
    /// Where rank 0's time went.
    public let seconds: StepSeconds

    private enum CodingKeys: String, CodingKey {
        case step, epoch, loss, penalty, accuracy, seconds
        case classificationLoss = "classification-loss"
        case learningRate = "learning-rate"
        case imagesPerSecond = "images-per-second"
    }
}

/// What is logged of an evaluation.
public struct EvaluationEvent: Sendable, Encodable {
    /// `validation` or `test`.
    public let split: String
    /// Steps done before it.
    public let step: Int
    /// Share of samples classified right.
    @FiniteOrNull public private(set) var accuracy: Double
    /// Mean over classes of the share classified right.
    @FiniteOrNull public private(set) var meanClassAccuracy: Double
    /// Mean cross-entropy.
    @FiniteOrNull public private(set) var loss: Double
    /// Samples evaluated.
    public let count: Int

    init(_ split: String, step: Int, _ evaluation: Evaluation) {
        (self.split, self.step, count) = (split, step, evaluation.count)
        accuracy = evaluation.accuracy
        meanClassAccuracy = evaluation.meanClassAccuracy
        loss = evaluation.loss
    }

    private enum CodingKeys: String, CodingKey {
        case split, step, accuracy, loss, count
        case meanClassAccuracy = "mean-class-accuracy"
    }
}

/// What is logged of a checkpoint.
public struct CheckpointEvent: Sendable, Encodable {
    /// Steps done when it was taken.
    public let step: Int
    /// Seconds that writing took, beside the training.
    public let seconds: Double
    /// Seconds for which training stood still: for a copy, and for the checkpoint before where that was not yet
    /// written.
    public let stepSeconds: Double
    /// Size of all its files.
    public let bytes: Int

    private enum CodingKeys: String, CodingKey {
        case step, seconds, bytes
        case stepSeconds = "step-seconds"
    }
}

/// What is logged at the end.
public struct FinishedEvent: Sendable, Encodable {
    /// Steps after which the saved model stood.
    public let bestStep: Int
    /// By what it was chosen; nil without a validation split.
    public let bestBy: BestMeasure?
    /// What it had there by this measure.
    public let bestValue: Double?
    /// Its accuracy: on the test split if there is one, else on the validation split; nil without either.
    public let accuracy: Double?
    /// Seconds of the whole run.
    public let seconds: Double

    private enum CodingKeys: String, CodingKey {
        case accuracy, seconds
        case bestStep = "best-step"
        case bestBy = "best-by"
        case bestValue = "best-value"
    }

    init(_ outcome: Trainer.Outcome, bestBy: BestMeasure, since start: ContinuousClock.Instant) {
        bestStep = outcome.bestStep
        self.bestBy = outcome.validation.map { _ in bestBy }
        // JSON has no word for NaN or infinity.
        bestValue = outcome.validation.map(bestBy.value).flatMap { $0.isFinite ? $0 : nil }
        accuracy = (outcome.test ?? outcome.validation)?.accuracy
        seconds = (ContinuousClock.now - start).seconds
    }
}

extension RunEvent: Encodable {
    private enum CodingKeys: String, CodingKey { case event }

    /// Writes the event's name and its members into one object.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .step(let event):
            try container.encode("step", forKey: .event)
            try event.encode(to: encoder)
        case .evaluation(let event):
            try container.encode("evaluation", forKey: .event)
            try event.encode(to: encoder)
        case .checkpoint(let event):
            try container.encode("checkpoint", forKey: .event)
            try event.encode(to: encoder)
        case .distances(let event):
            try container.encode("distances", forKey: .event)
            try event.encode(to: encoder)
        case .spectrum(let event):
            try container.encode("spectrum", forKey: .event)
            try event.encode(to: encoder)
        case .notice(let event):
            try container.encode("notice", forKey: .event)
            try event.encode(to: encoder)
        case .finished(let event):
            try container.encode("finished", forKey: .event)
            try event.encode(to: encoder)
        }
    }
}
