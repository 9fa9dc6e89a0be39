internal import Foundation
internal import ProcessGroups
internal import Tensors

/// All-reduces the gradients, bucket by bucket, in the order in which they become complete, while the backward
/// pass goes on.
///
/// You are here: the tape reports each gradient that is complete; a bucket whose gradients all are goes to
/// `AllReducePipeline`, which this thread or `CommunicationThread` advances. Next: `ParameterStore+Update.swift`.
final class GradientSynchronizer {
    private let store: ParameterStore
    private let group: any ProcessGroup
    private let stopwatch: Stopwatch
    private let observer: StepObserver
    private let buckets: GradientBuckets
    private let pipeline: AllReducePipeline?
    /// Started when it is first needed.
    private var thread: CommunicationThread?

    private var strategy = OverlapStrategy.none
    private var missing: [Int] = []
    private var scope = TrainingScope.all
    /// Buckets that this step all-reduces.
    private var count = 0
    /// How many of them, from the first, have all their gradients.
    private var ready = 0
    private var step = 0

    /// - Parameters:
    ///   - store: The gradients, this rank's share.
    ///   - group: The ranks.
    ///   - settings: How numbers travel, and in buckets of which size.
    ///   - stopwatch: Receives the time that the thread of the computation spends.
    ///   - observer: Is told when half of the gradients of a step are ready.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ store: ParameterStore, group: any ProcessGroup, settings: CommunicationSettings,
        stopwatch: Stopwatch, observer: StepObserver
    ) throws {
        (self.store, self.group, self.stopwatch, self.observer) = (store, group, stopwatch, observer)
        buckets = GradientBuckets(
            store,
            bytes: try settings.bucketBytes
                ?? GradientBuckets.bytes(peers: group.allReducePeers(settings.topology)))
        pipeline =
            group.size == 1
            ? nil
            : try AllReducePipeline(
                buckets.ranges, of: store.gradients, group: group, settings: settings,
                events: stopwatch.events)
    }

    /// Between whom gradients travel; nil on one rank.
    var levels: AllReduceLevels? { pipeline?.levels }

    /// Begins a backward pass whose gradients are to be all-reduced.
    ///
    /// - Parameters:
    ///   - strategy: How the all-reduce overlaps with it; may differ between ranks.
    ///   - step: Steps done with this one.
    ///   - scope: Whose gradients are computed, and sent.
    func begin(_ strategy: OverlapStrategy, step: Int, scope: TrainingScope) {
        (self.strategy, self.step, self.scope) = (strategy, step, scope)
        missing = buckets.memberCounts
        (count, ready) = (scope == .head ? buckets.headCount : buckets.ranges.count, 0)
        pipeline?.restart()
        guard strategy == .thread, let pipeline else { return }
        if thread == nil { thread = CommunicationThread(pipeline, events: stopwatch.events) }
        thread?.restart()
    }

    /// Notes that a gradient is complete, and advances the all-reduce where that is this thread's task.
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
        if strategy == .polling {
            try stopwatch.measure(.communication, named: "advance of all-reduces") {
                _ = try pipeline?.advance(ready: ready)
            }
        }
    }

    /// All-reduces what is left. Gradients of parameters that took no part in the step are zero.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func finish() throws {
        for entry in store.entries[store.indices(in: scope)] where entry.parameter.variable.gradient == nil {
            entry.gradient.fill(with: 0)
        }
        try setReady(count)
        guard let pipeline else { return }
        try stopwatch.measure(.communication, named: "wait for all-reduces") {
            try group.waiting(for: "all-reduce of gradients") {
                if strategy == .thread {
                    try thread?.wait(for: count)
                } else {
                    while pipeline.completed < count {
                        // Others may need this core before the all-reduce can go on.
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
        if strategy == .thread { thread?.add(ready: ready) }
        if wasBeforeHalf, ready * 2 >= count { try observer.reached(.halfReduced, step) }
    }
}
