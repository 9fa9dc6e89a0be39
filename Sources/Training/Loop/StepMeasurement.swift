internal import Foundation
public import ImageData

extension TrainingStep {
    /// Trains on one global batch, and says where this rank's time went.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func measured(
        _ microBatches: [Batch], globalBatch: Int, learningRate: Double
    ) throws -> StepSeconds {
        _ = stopwatch.lap()
        _ = try profiled {
            try run(microBatches, globalBatch: globalBatch, learningRate: learningRate)
        }
        return stopwatch.lap()
    }

    /// How communication overlaps with the backward pass; nil while strategies are being tried.
    public var overlap: OverlapStrategy? { tuner.choice }

    /// All-reduces the gradients with no computation beside it, and forgets the result.
    ///
    /// - Returns: Seconds that it took.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func measureBareAllReduce() throws -> Double {
        try group.barrier()
        let began = ContinuousClock.now
        synchronizer.begin(.none, step: 0, scope: .all)
        try synchronizer.finish()
        return (ContinuousClock.now - began).seconds
    }
}
