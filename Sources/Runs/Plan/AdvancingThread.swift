internal import Foundation

/// A thread that wakes as often as one that advances all-reduces, and does nothing: it shows what that alone takes from
/// the computation.
final class AdvancingThread {
    private final class State: @unchecked Sendable {
        let condition = NSCondition()
        // Below the lock of `condition`.
        var isStopped = false
        var hasEnded = false
        var count = 0
    }

    private let state = State()

    /// Starts the thread.
    ///
    /// - Parameter pauseSeconds: Between two times that it wakes.
    init(pauseSeconds: Double) {
        let pause = UInt32(pauseSeconds * 1e6)
        let thread = Thread { [state] in
            while state.condition.withLock({
                state.count += 1
                return !state.isStopped
            }) { usleep(pause) }
            state.condition.withLock {
                state.hasEnded = true
                state.condition.broadcast()
            }
        }
        thread.start()
    }

    /// Ends the thread.
    ///
    /// - Returns: How often it woke.
    func stop() -> Int {
        state.condition.withLock {
            state.isStopped = true
            while !state.hasEnded { state.condition.wait() }
            return state.count
        }
    }
}
