public import ImageData
public import Layers
public import ProcessGroups
public import Regularizers
internal import Tensors

/// One optimizer step on a global batch: forward pass, backward pass, all-reduce, update.
///
/// You are here: this rank's part of a batch comes in from `ImageData`; what comes out is a classifier whose
/// parameters have moved, equally on every rank. Next: `GradientSynchronizer.swift`, then
/// `ParameterStore+Update.swift`.
public final class TrainingStep {
    /// What is trained.
    public let classifier: Classifier
    /// Where batch normalization takes its statistics from.
    public let normalization: BatchNormalizationMode
    let group: any ProcessGroup
    let regularizer: any Regularizer
    let store: ParameterStore
    let synchronizer: GradientSynchronizer
    let tuner: OverlapTuner
    let stopwatch: Stopwatch
    /// Where the time goes, layer by layer; nil where nobody asks.
    let profile: Profile?
    private let optimizer: any Optimizer
    private let maxGradientNorm: Double?
    private let reducer: GroupReducer
    private let observer: StepObserver

    /// Moves the parameters of `groups` into buffers of its own and gets ready.
    ///
    /// - Parameters:
    ///   - classifier: What is trained; equal on all ranks.
    ///   - groups: Its parameters by learning rate.
    ///   - regularizer: The method.
    ///   - optimizer: How parameters move.
    ///   - maxGradientNorm: Upper bound of the norm of the whole gradient; nil for none.
    ///   - normalization: How batch normalization works.
    ///   - group: The ranks.
    ///   - communication: How gradients travel between them; the same on every rank.
    ///   - observer: Is told where each step stands.
    ///   - profile: Records steps, layer by layer; nil: nothing is recorded.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public init(
        _ classifier: Classifier, groups: [ParameterGroup], regularizer: any Regularizer,
        optimizer: any Optimizer, maxGradientNorm: Double? = nil, normalization: BatchNormalizationMode,
        group: any ProcessGroup, communication: CommunicationSettings = CommunicationSettings(),
        observer: StepObserver = .none, profile: Profile? = nil
    ) throws {
        (self.classifier, self.regularizer, self.optimizer) = (classifier, regularizer, optimizer)
        (self.maxGradientNorm, self.normalization) = (maxGradientNorm, normalization)
        (self.group, self.observer, self.profile) = (group, observer, profile)
        stopwatch = Stopwatch(events: profile?.events)
        store = ParameterStore(groups, slotNames: optimizer.slotNames)
        // Before the synchronizer: where shared memory lacks for this, it lacks for gradients too, which say so.
        reducer = try GroupReducer(
            group, topology: normalization == .synchronized ? communication.topology : .flat,
            stopwatch: stopwatch)
        synchronizer = try GradientSynchronizer(
            store, group: group, settings: communication, stopwatch: stopwatch, observer: observer)
        tuner = OverlapTuner(group, fixed: communication.overlap)
    }

    /// Slots of the optimizer whose elements are never negative.
    var nonNegativeSlots: Set<String> { optimizer.nonNegativeSlots }

    /// Between whom gradients travel; nil on one rank.
    var levels: AllReduceLevels? { synchronizer.levels }

    /// Trains on one global batch.
    ///
    /// - Parameters:
    ///   - microBatches: This rank's samples, in as many micro-batches as gradients are accumulated over; as many
    ///     on every rank.
    ///   - globalBatch: Samples of all ranks and micro-batches together: the divisor of the mean.
    ///   - learningRate: η before the multipliers of the groups; that of rank 0 counts.
    ///   - number: Steps done with this one.
    ///   - scope: What trains. In a warm-up of the head the rest is in inference mode and the method has no say.
    ///   - ballot: What this rank has to tell the others.
    ///   - load: What it spent earlier steps on, which goes to all in the all-reduce of the totals; nil on every rank or
    ///     on none.
    /// - Throws: What the group, the method and the observer throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func run(
        _ microBatches: [Batch], globalBatch: Int, learningRate: Double, number: Int = 0,
        scope: TrainingScope = .all, ballot: StepBallot = StepBallot(), load: StepSeconds? = nil
    ) throws -> Result {
        try tuner.step(isTrial: scope == .all) { strategy in
            store.begin(scope)
            var totals = StepTotals(ballot, load: load)
            for (index, batch) in microBatches.enumerated() {
                try observer.reached(.forward, number)
                let objective = try stopwatch.measure(.forward) {
                    try forward(batch, globalBatch: globalBatch, scope: scope, totals: &totals)
                }
                try observer.reached(.backward, number)
                // Gradients are complete, and can be all-reduced, once those of the last micro-batch are added.
                let isLast = index == microBatches.count - 1
                if isLast { synchronizer.begin(strategy, step: number, scope: scope) }
                try stopwatch.measure(.backward) { try backward(objective, synchronizing: isLast) }
            }
            try stopwatch.measure(.communication, named: "all-reduce of totals") {
                try totals.allReduce(over: group, learningRate: learningRate)
            }
            try observer.reached(.update, number)
            let penalties = stopwatch.measure(.optimizer) {
                update(scope, learningRate: totals.learningRate)
            }
            return Result(totals, penalties, globalBatch: globalBatch)
        }
    }

    /// The forward pass of a micro-batch: this rank's share of the objective, on a tape of its own.
    private func forward(
        _ batch: Batch, globalBatch: Int, scope: TrainingScope, totals: inout StepTotals
    ) throws -> Recorded {
        let tape = Tape(observer: profile?.tapeObserver)
        let context = context(recordingOn: tape, scope: scope)
        let taps = scope == .all ? regularizer.needs.taps : []
        let (output, layers) = try context.observing(taps) { try classifier(Variable(batch.images), $0) }
        let (features, logits) = output
        let classification = context.layer("cross-entropy") {
            tape.crossEntropy(logits, labels: batch.labels, divisor: globalBatch)
        }
        totals.classificationLoss += Double(classification.value.scalar)
        totals.correctCount += Double(logits.value.correctCount(batch.labels))
        guard scope == .all else { return Recorded(tape: tape, objective: classification) }
        let input = StepInput(
            context: context, images: batch.images, secondView: batch.secondView, labels: batch.labels,
            positions: batch.positions, features: features, logits: logits,
            maps: Dictionary(uniqueKeysWithValues: zip(taps, layers)),
            globalBatch: globalBatch, group: group)
        let penalty = try context.layer("method") { try regularizer.penalty(input) }
        guard let penalty else {
            return Recorded(tape: tape, objective: classification)
        }
        let value = Double(penalty.value.value.scalar)
        totals.penalty += value
        totals.weightedPenalty += penalty.weight * value
        return Recorded(
            tape: tape,
            objective: tape.add(classification, tape.scaled(penalty.value, by: Float(penalty.weight))))
    }

    /// A forward pass and what it is differentiated from.
    private struct Recorded {
        let tape: Tape
        let objective: Variable
    }

    private func context(recordingOn tape: Tape, scope: TrainingScope) -> ForwardContext {
        guard scope == .all else { return ForwardContext(tape: tape, normalization: .frozen) }
        // The batch of one rank is the global batch.
        let isAlone = normalization == .synchronized && group.size == 1
        return ForwardContext(
            tape: tape, normalization: isAlone ? .local : normalization, reducer: reducer)
    }

    /// The backward pass of a micro-batch; with that of the last one, the all-reduce of the gradients.
    private func backward(_ recorded: Recorded, synchronizing isLast: Bool) throws {
        try recorded.tape.backward(from: recorded.objective) { variable in
            self.group.noteProgress()
            if isLast { try self.synchronizer.gradientCompleted(variable) }
        }
        if isLast { try synchronizer.finish() }
    }

    /// Moves the parameters in scope.
    private func update(_ scope: TrainingScope, learningRate: Double) -> PenaltyValues {
        store.update(scope, by: optimizer, learningRate: learningRate, maxGradientNorm: maxGradientNorm) {
            regularizer.parameterPenalty(on: $0.parameter, of: $0.group.part)
        }
    }

    /// Runs all that belongs to a step, waiting for its batch too, as a step of the profile if there is one.
    func profiled<Result>(_ work: () throws -> Result) rethrows -> Result {
        guard let profile else { return try work() }
        return try profile.step(isSettled: tuner.choice != nil, work)
    }
}
