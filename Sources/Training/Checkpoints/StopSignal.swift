internal import Foundation
internal import Synchronization

/// Whether the system asked this process to end: SIGTERM, or SIGUSR1 as batch systems send it before time is up.
///
/// One rank's signal is enough: the ranks agree on it with the sum of each step's losses, save after that step
/// and end together with exit code 75.
public enum StopSignal {
    private static let received = Atomic<Bool>(false)

    /// Whether a signal has come.
    static var isReceived: Bool { received.load(ordering: .relaxed) }

    /// Takes the signals from now on.
    public static func watch() {
        // The first use also makes the flag, which a handler must not be the first to do.
        guard !isReceived else { return }
        for number in [SIGTERM, SIGUSR1] {
            signal(number) { _ in StopSignal.received.store(true, ordering: .relaxed) }
        }
        // A file that may not grow any more is an error of the call, which says so, and not the end.
        signal(SIGXFSZ, SIG_IGN)
    }
}
