internal import Foundation
internal import Synchronization

/// Whether the system asked this process to end: SIGTERM, or SIGUSR1 as batch systems send it before time is up.
///
/// One rank's signal is enough: the ranks agree on it in the all-reduce of each step's totals, save after that step
/// and end together with exit code 75.
public enum StopSignal {
    private static let received = Atomic<Bool>(false)

    /// Whether a signal has come.
    public static var isReceived: Bool { received.load(ordering: .relaxed) }

    /// Handles the signals from now on.
    public static func watch() {
        // The first use initializes the flag, which a signal handler must not do.
        guard !isReceived else { return }
        for number in [SIGTERM, SIGUSR1] {
            signal(number) { _ in StopSignal.received.store(true, ordering: .relaxed) }
        }
        // A file that may not grow any more is an error of the call, which says so, and does not end the process.
        signal(SIGXFSZ, SIG_IGN)
    }
}
