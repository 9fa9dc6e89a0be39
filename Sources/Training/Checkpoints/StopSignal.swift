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

    /// Handles the signals from now on, on a thread that does nothing else. One that is ignored, as `nohup` ignores
    /// SIGHUP and a shell SIGINT of what runs in its background, stays so.
    ///
    /// The calling thread, and those that it starts, do not take them any more: matrix products of oneDNN put their
    /// stack into a small piece of the heap, and a handler that ran there would overwrite what lies beside it. To be
    /// called before anything is computed.
    public static func watch() {
        // The first use initializes the constants, which a signal handler must not do.
        guard !isReceived, echo > 0 else { return }
        var watched = sigset_t()
        sigemptyset(&watched)
        // Threads of MPI began earlier, and may take a signal as well.
        for number in [SIGTERM, SIGUSR1, SIGINT, SIGHUP] {
            let wasIgnored = isIgnored(signal(number, handler))
            if wasIgnored, number == SIGINT || number == SIGHUP {
                signal(number, SIG_IGN)
            } else {
                sigaddset(&watched, number)
            }
        }
        pthread_sigmask(SIG_BLOCK, &watched, nil)
        let thread = Thread { [watched] in wait(for: watched) }
        thread.name = "ballast signals"
        thread.start()
        // A file that may not grow any more is an error of the call, which says so, and does not end the process.
        signal(SIGXFSZ, SIG_IGN)
    }

    private static func wait(for watched: sigset_t) {
        var watched = watched
        while true {
            var number: Int32 = 0
            guard sigwait(&watched, &number) == 0, isSecond(number) else { continue }
            signal(number, SIG_DFL)
            pthread_sigmask(SIG_UNBLOCK, &watched, nil)
            raise(number)
        }
    }

    /// Whether a signal was ignored, by the action that it had; functions cannot be compared.
    private static func isIgnored(_ action: __sighandler_t?) -> Bool {
        unsafeBitCast(action, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Only calls that a signal handler may make.
    private static let handler: @convention(c) (Int32) -> Void = { number in
        let error = errno
        defer { errno = error }
        guard StopSignal.isSecond(number) else { return }
        signal(number, SIG_DFL)
        raise(number)
    }

    /// Notes a signal.
    ///
    /// - Returns: Whether it is to end the process at once.
    private static func isSecond(_ number: Int32) -> Bool {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        let (isFirst, first) = received.compareExchange(expected: 0, desired: now, ordering: .relaxed)
        // A warning is no more urgent for being repeated.
        return !isFirst && number != SIGUSR1 && now - first > echo
    }
}
