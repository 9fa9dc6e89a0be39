internal import Foundation
internal import Synchronization

/// Whether the system or a person asked this process to end: SIGTERM; SIGINT, as Ctrl-C sends it; SIGHUP, as a
/// terminal that closes; or SIGUSR1, as batch systems send it before time is up.
///
/// One rank's signal is enough: the ranks agree on it in the all-reduce of each step's totals, save after that step
/// and end together with exit code 75. A second signal ends the process at once, as if nobody had waited for the first.
public enum StopSignal {
    /// When the first signal came, in nanoseconds of a clock that never goes back; 0: none has.
    private static let received = Atomic<Int64>(0)
    /// Launchers pass on what a batch system has sent already: what follows so soon is the same signal.
    private static let echo: Int64 = 200_000_000

    /// Whether a signal has come.
    public static var isReceived: Bool { received.load(ordering: .relaxed) != 0 }

    /// Handles the signals from now on. One that is ignored, as `nohup` ignores SIGHUP and a shell SIGINT of what runs
    /// in its background, stays so.
    public static func watch() {
        // The first use initializes the constants, which a signal handler must not do.
        guard !isReceived, echo > 0 else { return }
        for number in [SIGTERM, SIGUSR1] { signal(number, handler) }
        for number in [SIGINT, SIGHUP] where isIgnored(signal(number, handler)) {
            signal(number, SIG_IGN)
        }
        // A file that may not grow any more is an error of the call, which says so, and does not end the process.
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Whether a signal was ignored, by the action that it had; functions cannot be compared.
    private static func isIgnored(_ action: __sighandler_t?) -> Bool {
        unsafeBitCast(action, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Only calls that a signal handler may make.
    private static let handler: @convention(c) (Int32) -> Void = { number in
        let error = errno
        defer { errno = error }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        let (isFirst, first) = StopSignal.received.compareExchange(
            expected: 0, desired: now, ordering: .relaxed)
        // A warning is no more urgent for being repeated.
        guard !isFirst, number != SIGUSR1, now - first > StopSignal.echo else { return }
        signal(number, SIG_DFL)
        raise(number)
    }
}
