/// How long a run trains, in which batches and at which learning rate.
public struct TrainingPlan: Sendable {
    /// Epochs in the run; evaluation follows each.
    public let epochs: Int
    /// Steps in an epoch.
    public let stepsPerEpoch: Int
    /// Samples in a step, over all ranks.
    public let globalBatch: Int
    /// Micro-batches into which a step's batch is cut to save memory.
    public let accumulation: Int
    /// Learning rate of new layers.
    public let learningRate: Double
    /// How the learning rate moves.
    public let schedule: LearningRateSchedule
    /// Epochs at the start in which only the new head trains.
    public var headOnlyEpochs: Int
    /// By what the best model is chosen.
    public let bestBy: BestMeasure
    /// Whether the state after the last step is saved, for a run that goes on from there later.
    public let savesLastState: Bool

    /// A plan from its parts.
    public init(
        epochs: Int, stepsPerEpoch: Int, globalBatch: Int, accumulation: Int, learningRate: Double,
        schedule: LearningRateSchedule, headOnlyEpochs: Int = 0, bestBy: BestMeasure = .accuracy,
        savesLastState: Bool = false
    ) {
        (self.epochs, self.stepsPerEpoch, self.globalBatch) = (epochs, stepsPerEpoch, globalBatch)
        (self.accumulation, self.learningRate, self.schedule) = (accumulation, learningRate, schedule)
        (self.headOnlyEpochs, self.bestBy) = (headOnlyEpochs, bestBy)
        self.savesLastState = savesLastState
    }

    /// Steps in the run.
    public var stepCount: Int { epochs * stepsPerEpoch }

    /// η of new layers at a step; the first step is 0.
    public func learningRate(step: Int) -> Double { learningRate * schedule.factor(step: step) }

    /// What trains in an epoch.
    public func scope(epoch: Int) -> TrainingScope { epoch < headOnlyEpochs ? .head : .all }
}
