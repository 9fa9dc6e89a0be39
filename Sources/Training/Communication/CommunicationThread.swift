internal import Foundation

/// A thread that advances the all-reduce of gradients while others compute.
///
/// It sleeps between two advances, because on machines without a spare core every moment that it spins is taken
/// from the computation.
final class CommunicationThread {
    /// What this object and its thread share; the thread must not keep the object alive.
    private final class Work: @unchecked Sendable {
        let condition = NSCondition()
        // Below the lock of `condition`.
        var ready = 0
        var completed = 0
        var isAwaited = false
        var failure: (any Error)?
        var isStopped = false
        var hasEnded = false
    }

    /// Microseconds between two advances while the other thread computes: each takes the core, and
    /// the cache, from the computation.
    static let pauseMicroseconds: UInt32 = 1000

    private let work = Work()

    /// Starts a thread that has the pipeline to itself from here on, but between `wait` and `add`.
    ///
    /// - Parameters:
    ///   - pipeline: What it advances.
    ///   - events: Where steps that are recorded leave when it waits and when it works.
    init(_ pipeline: AllReducePipeline, events: ProfileEvents? = nil) {
        // Handed over: whoever made it does not touch it while the thread does.
        nonisolated(unsafe) let pipeline = pipeline
        let thread = Thread { [work] in
            Self.run(pipeline, work, events)
            work.condition.withLock {
                work.hasEnded = true
                work.condition.broadcast()
            }
        }
        thread.name = "ballast reduce"
        thread.start()
    }

    deinit {
        work.condition.withLock {
            work.isStopped = true
            work.condition.broadcast()
            while !work.hasEnded { work.condition.wait() }
        }
    }

    /// Begins a step.
    func restart() { work.condition.withLock { (work.ready, work.completed) = (0, 0) } }

    /// Says how many buckets from the first are ready for the all-reduce.
    func add(ready: Int) {
        work.condition.withLock {
            work.ready = ready
            work.condition.broadcast()
        }
    }

    /// Waits until so many buckets have been all-reduced.
    ///
    /// - Throws: What the group threw on the thread.
    func wait(for count: Int) throws {
        try work.condition.withLock {
            work.isAwaited = true
            defer { work.isAwaited = false }
            while work.completed < count, work.failure == nil { work.condition.wait() }
            if let failure = work.failure { throw failure }
        }
    }

    private static func run(
        _ pipeline: AllReducePipeline, _ work: Work, _ events: ProfileEvents?
    ) {
        var since = ContinuousClock.now
        while true {
            let ready: Int? = work.condition.withLock {
                guard work.completed >= work.ready || work.failure != nil, !work.isStopped else {
                    return work.isStopped ? nil : work.ready
                }
                note("all-reduces under way", &since, events)
                while work.completed >= work.ready || work.failure != nil, !work.isStopped {
                    work.condition.wait()
                }
                note("wait for gradients", &since, events)
                return work.isStopped ? nil : work.ready
            }
            guard let ready else { return }
            do {
                let hasMoved = try pipeline.advance(ready: ready)
                if hasMoved {
                    work.condition.withLock {
                        work.completed = pipeline.completed
                        work.condition.broadcast()
                    }
                } else if work.condition.withLock({ work.isAwaited }) {
                    // The thread that computes has nothing left to do, but another rank may need this core.
                    sched_yield()
                } else {
                    usleep(pauseMicroseconds)
                }
            } catch {
                work.condition.withLock {
                    work.failure = error
                    work.condition.broadcast()
                }
            }
        }
    }

    /// Leaves a span that ends now, and begins the next one.
    private static func note(
        _ name: StaticString, _ since: inout ContinuousClock.Instant, _ events: ProfileEvents?
    ) {
        guard let events else { return }
        events.addToStep("\(name)", .communication, on: .communication, from: since)
        since = .now
    }
}
