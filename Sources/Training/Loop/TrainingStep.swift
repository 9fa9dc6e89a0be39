public import ImageData
public import Layers
public import ProcessGroups
public import Regularizers
internal import Tensors

/// One optimizer step on a global batch: forward, backward, sum over the ranks, update.
///
/// You are here: this rank's part of a batch comes in from `ImageData`; what comes out is a classifier whose
/// parameters have moved, equally on every rank. Next: `GradientSynchronizer.swift`, then `SGD.swift`.
public final class TrainingStep {
    /// What a step computed, of the global batch.
    public struct Result: Sendable {
        /// Mean cross-entropy.
        public let classificationLoss: Double
        /// The method's own term before its weight.
        public let penalty: Double
        /// The whole objective.
        public let loss: Double
        /// Share of samples whose largest logit was that of their label.
        public let accuracy: Double
        /// How many ranks were asked to stop.
        public let stopCount: Int
        /// Whether rank 0 could not write a checkpoint and the run must end.
        public let saveHasFailed: Bool
    }

    /// What is trained.
    public let classifier: Classifier
    let group: any ProcessGroup
    let regularizer: any Regularizer
    private let optimizer: SGD
    let store: ParameterStore
    private let synchronizer: GradientSynchronizer
    private let reducer: GroupReducer
    private let normalization: BatchNormalizationMode
    private let faults: FaultSchedule
    private var probe: OverlapProbe
    let stopwatch = Stopwatch()
    /// Told a line when the way to overlap communication has been chosen; on every rank the same.
    var report: ((String) -> Void)?

    /// Moves the parameters of `groups` into buffers of its own and gets ready.
    ///
    /// - Parameters:
    ///   - classifier: What is trained; equal on all ranks.
    ///   - groups: Its parameters by learning rate.
    ///   - regularizer: The method.
    ///   - optimizer: How parameters move.
    ///   - normalization: How batch normalization works.
    ///   - group: The ranks.
    ///   - communication: How gradients travel between them; the same on every rank.
    ///   - faults: What goes wrong, in tests.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public init(
        _ classifier: Classifier, groups: [ParameterGroup], regularizer: any Regularizer, optimizer: SGD,
        normalization: BatchNormalizationMode, group: any ProcessGroup,
        communication: CommunicationSettings = CommunicationSettings(), faults: FaultSchedule = .none
    ) throws {
        (self.classifier, self.regularizer, self.optimizer) = (classifier, regularizer, optimizer)
        (self.normalization, self.group, self.faults) = (normalization, group, faults)
        store = ParameterStore(groups)
        synchronizer = try GradientSynchronizer(
            store, group: group, settings: communication, stopwatch: stopwatch, faults: faults)
        reducer = GroupReducer(group, stopwatch: stopwatch)
        probe = OverlapProbe(fixed: group.size == 1 ? OverlapStrategy.none : communication.overlap)
    }

    /// Trains on one global batch.
    ///
    /// - Parameters:
    ///   - batches: This rank's samples, in as many microBatches as gradients are accumulated over; as many
    ///     microBatches on every rank.
    ///   - globalBatch: Samples of all ranks and microBatches together: the divisor of the mean.
    ///   - rate: Learning rate before the factors of the groups.
    ///   - number: Steps done with this one.
    ///   - saveHasFailed: On rank 0, whether a checkpoint could not be written; every rank learns of it.
    ///   - headOnly: Whether only the new head trains: the rest is in inference mode, and the method has no say.
    /// - Throws: What the group and the method throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func run(
        _ batches: [Batch], globalBatch: Int, rate: Double, number: Int = 0, saveHasFailed: Bool = false,
        headOnly: Bool = false
    ) throws -> Result {
        let rank = group.rank
        let began = ContinuousClock.now
        try faults.reach(.forward, step: number, rank: rank)
        store.clearGradients()
        store.setTraining(headOnly: headOnly)
        // Summed over the ranks below: cross-entropy, the method's term, its weighted value, right answers,
        // signals received, failed checkpoints.
        var sums = [0.0, 0.0, 0.0, 0.0, StopSignal.isReceived ? 1 : 0, saveHasFailed ? 1 : 0]
        for (index, batch) in batches.enumerated() {
            let tape = Tape()
            let mode = headOnly ? .running : normalization.normalization(reducer, groupSize: group.size)
            let context = ForwardContext(tape: tape, normalization: mode)
            let objective = try stopwatch.measure(.forward) {
                try self.objective(batch, context, globalBatch: globalBatch, headOnly: headOnly, sums: &sums)
            }
            try faults.reach(.backward, step: number, rank: rank)
            // Gradients are complete, and can be summed, once the last portion has been added.
            let isLast = index == batches.count - 1
            try stopwatch.measure(.backward) {
                if isLast { synchronizer.begin(probe.next, step: number, headOnly: headOnly) }
                try tape.backward(from: objective) { variable in
                    self.group.noteProgress()
                    if isLast { try self.synchronizer.gradientCompleted(variable) }
                }
                if isLast { try synchronizer.finish() }
            }
        }
        try stopwatch.measure(.communication) { try group.allReduce(&sums) }
        try faults.reach(.optimizer, step: number, rank: rank)
        let penalties = stopwatch.measure(.optimizer) {
            optimizer.step(store, rate: rate, regularizer: regularizer, headOnly: headOnly)
        }
        if !headOnly { try chooseOverlap(after: (ContinuousClock.now - began).seconds) }
        return Result(
            classificationLoss: sums[0], penalty: sums[1] + penalties.backbone,
            loss: sums[0] + sums[2] + penalties.objective, accuracy: sums[3] / Double(globalBatch),
            stopCount: Int(sums[4]), saveHasFailed: sums[5] > 0)
    }

    /// How communication overlaps with the backward pass; nil as long as ways are tried.
    public var overlap: OverlapStrategy? { probe.choice }

    /// Notes the time of a step, and settles on a way once each was tried.
    private func chooseOverlap(after stepSeconds: Double) throws {
        guard probe.choice == nil else { return }
        probe.note(stepSeconds)
        guard probe.isComplete else { return }
        // All wait for the slowest rank.
        let best = probe.bestSeconds
        let all = try group.allGather(best)
        let slowest = best.indices.map { way in
            stride(from: way, to: all.count, by: best.count).reduce(0) { max($0, all[$1]) }
        }
        probe.decide(slowest)
        report?(OverlapProbe.summary(slowest, choice: probe.choice))
    }

    /// Sums the gradients over the ranks with nothing beside it, and forgets the result; for measurements.
    ///
    /// - Returns: Seconds that it took.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func measureBareAllReduce() throws -> Double {
        try group.barrier()
        let began = ContinuousClock.now
        synchronizer.begin(.none, step: 0, headOnly: false)
        try synchronizer.finish()
        return (ContinuousClock.now - began).seconds
    }

    /// The forward pass: this rank's share of the objective, on the tape.
    private func objective(
        _ batch: Batch, _ context: ForwardContext, globalBatch: Int, headOnly: Bool, sums: inout [Double]
    ) throws -> Variable {
        let tape = context.tape
        let taps = headOnly ? [] : regularizer.needs.taps
        let (output, layers) = try context.observing(taps) { try classifier(Variable(batch.images), $0) }
        let (features, logits) = output
        let classification = tape.crossEntropy(logits, labels: batch.labels, divisor: globalBatch)
        sums[0] += Double(classification.value.scalar)
        sums[3] += Double(logits.value.correctCount(batch.labels))
        guard !headOnly else { return classification }
        let input = StepInput(
            context: context, images: batch.images, secondView: batch.secondView, labels: batch.labels,
            positions: batch.positions, features: features, logits: logits,
            maps: Dictionary(uniqueKeysWithValues: zip(taps, layers)),
            globalBatch: globalBatch, group: group)
        guard let penalty = try regularizer.penalty(input) else { return classification }
        let value = Double(penalty.value.value.scalar)
        sums[1] += value
        sums[2] += penalty.weight * value
        return tape.add(classification, tape.scaled(penalty.value, by: Float(penalty.weight)))
    }
}

extension TrainingStep {
    /// Trains on one global batch, and says where this rank's time went.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func measured(_ batches: [Batch], globalBatch: Int, rate: Double) throws -> StepSeconds {
        _ = stopwatch.lap()
        _ = try run(batches, globalBatch: globalBatch, rate: rate)
        return stopwatch.lap()
    }
}

extension Tensor {
    /// How many rows of logits `[N, K]` are largest at their label.
    func correctCount(_ labels: [Int]) -> Int {
        zip(largestColumns, labels).count { $0 == $1 }
    }

    /// Column of the largest element of each row of `[N, K]`; the first of equal ones.
    var largestColumns: [Int] {
        let columns = shape[1]
        return withElements { values in
            (0..<shape[0]).map { row in
                (0..<columns).reduce(0) { values[row * columns + $1] > values[row * columns + $0] ? $1 : $0 }
            }
        }
    }
}
