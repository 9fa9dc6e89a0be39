internal import Synchronization

/// Counts the pieces of long work, on whatever threads they are done, and shows how far it is until it is released.
///
///     let meter = WorkMeter("decoding photographs", of: paths.count, "images")
///     for path in paths { try decode(path); meter.advance() }
///
/// Nothing is shown unless the program turned `ProgressDisplay` on.
public struct WorkMeter: Sendable {
    // Nil where nothing is shown.
    private let counter: ShownCounter?

    /// Nothing is done yet.
    ///
    /// - Parameters:
    ///   - name: What is done, for example `decoding photographs`.
    ///   - count: Pieces of it that this process does.
    ///   - unit: What they are, in the plural.
    public init(_ name: String, of count: Int, _ unit: String) {
        self.init(name, of: count, unit, on: ProgressDisplay.ofWork)
    }

    package init(_ name: String, of count: Int, _ unit: String, on surface: ProgressSurface) {
        if case .none = surface {
            counter = nil
        } else {
            counter = count > 0 ? ShownCounter(WorkLine(name, on: surface), of: count, unit) : nil
        }
    }

    /// Some pieces were done. Costs next to nothing where nothing is shown.
    public func advance(by pieces: Int = 1) { counter?.advance(by: pieces) }
}

/// What all copies of a meter count in.
private final class ShownCounter: Sendable {
    private struct State {
        var done = 0
        var line: WorkLine
    }

    private let count: Int
    private let unit: String
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    init(_ line: WorkLine, of count: Int, _ unit: String) {
        (self.count, self.unit) = (count, unit)
        state = Mutex(State(line: line))
    }

    // What follows may take long before it shows anything.
    deinit { StandardError.clearLine() }

    func advance(by pieces: Int) {
        let seconds = start.duration(to: .now) / .seconds(1)
        state.withLock { state in
            state.done = min(state.done + pieces, count)
            guard state.done > 0 else { return }
            let share = Double(state.done) / Double(count)
            state.line.show(
                share, "\(state.done)/\(count) \(unit)", after: seconds,
                secondsLeft: seconds / share - seconds)
        }
    }
}
