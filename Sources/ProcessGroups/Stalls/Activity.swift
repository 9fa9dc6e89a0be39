internal import Hosts
internal import Synchronization

/// What this rank is doing, for the stall inspector: how many collectives it has joined, whether
/// it is inside one, and whether it makes progress.
///
/// Written by the one thread that uses the group of all ranks, read by another; neither ever waits for more
/// than the copy of a few words.
package final class Activity: Sendable {
    /// What a rank is doing at one moment.
    package struct Status: Sendable, Equatable {
        /// How many collectives the rank has begun; they have the same numbers on every rank.
        package var begunCount: Int64 = 0
        /// The last one begun; without a name before the first.
        package var collective = Collective("")
        /// Whether the rank has not left it yet.
        package var isInside = false
        /// Counts signs of progress between collectives, and inside long ones; those of `WorkProgress` too.
        package var progress: Int64 = 0

        /// A rank that has done nothing yet, or what else is given.
        package init(
            begunCount: Int64 = 0, collective: Collective = Collective(""), isInside: Bool = false,
            progress: Int64 = 0
        ) {
            (self.begunCount, self.collective) = (begunCount, collective)
            (self.isInside, self.progress) = (isInside, progress)
        }
    }

    private struct State {
        var status = Status()
        /// Collectives that are made of others count as one.
        var depth = 0
    }

    private let state = Mutex(State())
    /// Signs of progress from work that knows no group.
    private let workProgress: @Sendable () -> Int64

    /// A rank that has done nothing yet.
    ///
    /// - Parameter workProgress: Counts signs of progress of this process from work that knows no group.
    package init(workProgress: @escaping @Sendable () -> Int64 = { WorkProgress.count }) {
        self.workProgress = workProgress
    }

    /// What the rank is doing now.
    package var status: Status {
        var status = state.withLock { $0.status }
        status.progress &+= workProgress()
        return status
    }

    /// Takes part in a collective, and notes that it does.
    ///
    /// - Important: Every rank must call this for the same collectives, in the same order, from the thread
    ///   that uses the group of all ranks.
    package func within<Value, Failure: Error>(
        _ name: StaticString, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        enter(Collective(name))
        defer { leave() }
        return try body()
    }

    /// Notes that this rank makes progress with work that others may be waiting for.
    package func noteProgress() { state.withLock { $0.status.progress &+= 1 } }

    private func enter(_ collective: Collective) {
        state.withLock { state in
            state.depth += 1
            guard state.depth == 1 else { return }
            state.status.begunCount += 1
            (state.status.collective, state.status.isInside) = (collective, true)
        }
    }

    private func leave() {
        state.withLock { state in
            state.depth -= 1
            state.status.isInside = state.depth > 0
        }
    }
}
