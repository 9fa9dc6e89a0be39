internal import CMPI
internal import Foundation
internal import Hosts
internal import Synchronization

/// Ends the job when a rank stops, hangs or is cut off, instead of letting the others wait for ever.
///
/// A thread on each rank wakes up now and then, tells rank 0 what its rank is doing, and rank 0 answers. Rank 0
/// judges by `StallJudge`; the others only notice if rank 0 falls silent. Who finds a stall prints a report and
/// aborts the job with exit code 76. The thread needs the processor for microseconds a second.
final class StallInspector: @unchecked Sendable {
    // What is not a constant belongs to the thread; `isEnding` and the semaphores are what the two share.
    private let communicator: Communicator
    private let group: (rank: Int, size: Int)
    private let activity: Activity
    private let hosts: [String]
    private let limit: Double
    /// Seconds between two messages.
    private let interval: Double
    private let exchange: StatusExchange
    private var judge: StallJudge

    private let isEnding = Atomic(false)
    private let wake = DispatchSemaphore(value: 0)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - group: All ranks, at least two.
    ///   - limit: Seconds after which a stall ends the job; the same on every rank.
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ group: MPIGroup, limit: Double) throws {
        self.group = (group.rank, group.size)
        (activity, self.limit) = (group.activity, limit)
        hosts = try group.allGatherEach(Array(HostName.current.utf8)).map {
            String(decoding: $0, as: UTF8.self)
        }
        communicator = try group.communicator.duplicate()
        interval = min(5, limit / 10)
        exchange = StatusExchange(communicator, rank: group.rank, size: group.size)
        // Rank 0 knows more, so it comes first; of the others, those that come later find the job ended.
        let patience = group.rank == 0 ? 0 : min(limit, 2 * interval + 0.5 * Double(group.rank - 1))
        judge = StallJudge(
            ranks: group.rank == 0 ? Array(0..<group.size) : [0, group.rank], status: activity.status,
            knowsAll: group.rank == 0,
            limit: limit + patience)
        let thread = Thread { [self] in watch() }
        thread.name = "ballast.stalls"
        thread.start()
    }

    /// Ends the thread, after the last collective and before MPI ends. All ranks are still watched until each
    /// has said that it ends, so that no rank takes another's end for a stall.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func end() throws(MPIError) {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
        hasEnded.wait()
        try communicator.free()
    }

    /// The thread.
    private func watch() {
        var clock = StallClock(lap: interval)
        while true {
            let isEnding = isEnding.load(ordering: .sequentiallyConsistent)
            _ = wake.wait(timeout: .now() + (isEnding ? 0.002 : interval))
            judge.advance(by: clock.lap())
            do {
                try exchange.receive { judge.hear($0, isLast: $1, from: $2) }
                judge.hear(activity.status, isLast: false, from: group.rank)
                if let verdict = judge.verdict { endJob(verdict) }
                try exchange.send(activity.status, isLast: isEnding)
                guard try !(isEnding && exchange.isOver()) else { break }
            } catch {
                // A broken connection silences the peer, which is judged as such when its time is up; the
                // rank's own calls may fail before, and say more.
                continue
            }
        }
        hasEnded.signal()
    }

    private func endJob(_ verdict: StallJudge.Verdict) {
        let report = StallReport(hosts: hosts, limit: limit, watches: judge.watches)
        StandardError.print("ballast: " + report.text(verdict))
        LauncherWatch.begin()
        MPIRuntime.abort(exitCode: ExitCode.communication)
    }
}
