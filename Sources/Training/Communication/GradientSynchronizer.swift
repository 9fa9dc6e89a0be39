internal import Foundation
internal import ProcessGroups
internal import Tensors

/// Sums the gradients of all ranks, bucket by bucket, in the order in which they become complete, while the
/// backward pass goes on.
///
/// You are here: the tape reports each gradient that is complete; a bucket whose gradients all are goes to
/// `AllReducePipeline`, which this thread or `CommunicationThread` keeps moving. Next: `SGD.swift`.
final class GradientSynchronizer {
    private let store: ParameterStore
    private let group: any ProcessGroup
    private let stopwatch: Stopwatch
    private let faults: FaultSchedule
    private let buckets: GradientBuckets
    private let pipeline: AllReducePipeline?
    /// Started when it is first needed.
    private var thread: CommunicationThread?

    private var overlap = OverlapStrategy.none
    private var missing: [Int] = []
    private var isHeadOnly = false
    /// Buckets that this step sums.
    private var count = 0
    /// How many of them, from the first, have all their gradients.
    private var ready = 0
    private var step = 0

    /// - Parameters:
    ///   - store: The gradients, this rank's share.
    ///   - group: The ranks.
    ///   - settings: How numbers travel, and in which microBatches.
    ///   - stopwatch: Receives the time that the thread of the computation spends.
    ///   - faults: What goes wrong, in tests.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ store: ParameterStore, group: any ProcessGroup, settings: CommunicationSettings,
        stopwatch: Stopwatch,
        faults: FaultSchedule
    ) throws {
        (self.store, self.group, self.stopwatch, self.faults) = (store, group, stopwatch, faults)
        buckets = GradientBuckets(
            store, bytes: settings.bucketBytes ?? GradientBuckets.bytes(ranks: group.size))
        pipeline =
            group.size == 1
            ? nil
            : try AllReducePipeline(
                buckets.ranges, of: store.gradients, group: group, format: settings.wireFormat)
    }

    /// Begins a backward pass whose gradients are to be summed.
    ///
    /// - Parameters:
    ///   - overlap: How sums go on meanwhile; may differ between ranks.
    ///   - step: Steps done with this one.
    ///   - headOnly: Whether only the gradients of the new head are computed, and sent.
    func begin(_ overlap: OverlapStrategy, step: Int, headOnly: Bool) {
        (self.overlap, self.step, isHeadOnly) = (overlap, step, headOnly)
        missing = buckets.memberCounts
        (count, ready) = (headOnly ? buckets.headCount : buckets.ranges.count, 0)
        pipeline?.restart()
        guard overlap == .thread, let pipeline else { return }
        if thread == nil { thread = CommunicationThread(pipeline) }
        thread?.restart()
    }

    /// Notes that a gradient is complete, and looks after the sums.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this for the same parameters, in the same
    ///   order.
    func gradientCompleted(_ variable: Variable) throws {
        if let members = buckets.bucketsOfVariable[ObjectIdentifier(variable)] {
            for bucket in members { missing[bucket] -= 1 }
            var ready = ready
            while ready < count, missing[ready] == 0 { ready += 1 }
            try setReady(ready)
        }
        if overlap == .polling {
            try stopwatch.measure(.communication) { _ = try pipeline?.advance(ready: ready) }
        }
    }

    /// Sums what is left. Parameters that took no part in the step count as zero.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func finish() throws {
        for entry in store.entries where entry.parameter.variable.gradient == nil {
            // Nobody reads the gradients of what does not train.
            if !isHeadOnly || entry.group.part == .head { entry.gradient.fill(with: 0) }
        }
        try setReady(count)
        guard let pipeline else { return }
        try stopwatch.measure(.communication) {
            try group.waiting(for: "all-reduce of gradients") {
                if overlap == .thread {
                    try thread?.wait(for: count)
                } else {
                    while pipeline.completed < count {
                        // Others may need this core before the sum can go on.
                        if try !pipeline.advance(ready: count) { sched_yield() }
                    }
                }
            }
        }
    }

    private func setReady(_ ready: Int) throws {
        guard ready > self.ready else { return }
        let wasBeforeHalf = self.ready * 2 < count
        self.ready = ready
        if overlap == .thread { thread?.add(ready: ready) }
        if wasBeforeHalf, ready * 2 >= count {
            try faults.reach(.insideSum, step: step, rank: group.rank)
        }
    }
}
