internal import Hosts
internal import ImageData
internal import ProcessGroups
internal import Training

extension TrainingStep {
    /// Steps before the measured ones: they compile primitives and fill the pool of memory.
    private static var warmUpSteps: Int { 2 }

    /// Trains for a few steps and says where the time of this rank went.
    ///
    /// - Parameters:
    ///   - count: Steps that are measured, after those that warm up.
    ///   - globalBatch: Samples of all ranks together.
    ///   - group: The ranks of the step.
    ///   - batches: This rank's samples of a step, counted from 0.
    /// - Throws: What the group, the method and the data throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func measured(
        _ count: Int, globalBatch: Int, group: any ProcessGroup, batches: (Int) throws -> [Batch]
    ) throws -> [StepSeconds] {
        var seconds: [StepSeconds] = []
        var warmUps = 0
        let meter = WorkMeter("measuring steps", of: count, "steps")
        while seconds.count < count {
            let batches = try batches(warmUps + seconds.count)
            try group.barrier()
            // Until the overlap strategy is chosen, steps try one after the other.
            let isWarm = warmUps >= Self.warmUpSteps && overlap != nil
            let measured = try measured(batches, globalBatch: globalBatch, learningRate: 0.0001)
            if isWarm {
                seconds.append(measured)
                meter.advance()
            } else {
                warmUps += 1
            }
        }
        return seconds
    }
}

extension [StepSeconds] {
    /// The median of each part by itself.
    var medians: StepSeconds {
        StepSeconds(
            data: map(\.data).median, forward: map(\.forward).median, backward: map(\.backward).median,
            communication: map(\.communication).median, optimizer: map(\.optimizer).median)
    }
}

extension [Double] {
    /// The middle one, or the mean of the two in the middle; there must be one.
    var median: Double {
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}

extension ContinuousClock.Instant {
    /// Seconds that have passed since.
    var secondsUntilNow: Double { duration(to: .now) / .seconds(1) }
}
