internal import Foundation
internal import Hosts
internal import Synchronization

/// Ends this process if a phase takes too long in which ranks cannot watch one another: the start of MPI and its
/// end. The launcher then ends the other ranks.
final class Deadline: Sendable {
    /// The start and the end may take so long even where a stall is to be found within seconds.
    private static let shortest = 60.0

    private let isOver = Atomic(false)
    private let wake = DispatchSemaphore(value: 0)

    /// Starts to count.
    ///
    /// - Parameters:
    ///   - seconds: How long the phase may take, at least a minute; nil for ever.
    ///   - phase: For the message, such as `starting MPI`.
    init(_ seconds: Double?, phase: String) {
        guard let seconds else { return }
        let limit = max(seconds, Self.shortest)
        let thread = Thread { [self] in
            var clock = StallClock(lap: 1)
            var left = limit
            while left > 0 {
                _ = wake.wait(timeout: .now() + 1)
                if isOver.load(ordering: .sequentiallyConsistent) { return }
                left -= clock.lap()
            }
            StandardError.print(
                "ballast: \(phase) on host \(HostName.current) is not done after \(Int(limit)) s: another rank is "
                    + "stopped, or its machine or the network is gone. \(StallLimit.variable) sets the seconds, "
                    + "at least \(Int(Self.shortest)) here, 0 for never.")
            _exit(ExitCode.communication)
        }
        thread.name = "ballast.deadline"
        thread.start()
    }

    /// The phase is over.
    func cancel() {
        isOver.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
    }
}
