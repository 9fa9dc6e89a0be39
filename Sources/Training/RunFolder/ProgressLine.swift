internal import Foundation
internal import Hosts

/// What a run tells a person on standard error: one line that renews itself on a terminal, plain lines now
/// and then elsewhere. Rank 0 alone has one.
public final class ProgressLine {
    private let clock = ContinuousClock()
    private var pace: Pace?
    private let isTerminal: Bool
    private var lastShown: ContinuousClock.Instant?
    private var hasOpenLine = false

    /// Seconds between lines on a terminal and elsewhere.
    private static let (terminalInterval, plainInterval) = (0.2, 10.0)

    /// A line that nothing was written to.
    public init() { isTerminal = isatty(STDERR_FILENO) == 1 }

    /// The first step of this start begins; what came before, its preparation and earlier starts, says nothing of the
    /// time that is left.
    ///
    /// - Parameter step: Steps done by earlier starts.
    func beginSteps(after step: Int) { pace = Pace(start: clock.now, stepsBefore: step) }

    /// A step was done; shows it if it is time to, or if it was the last.
    func show(_ event: StepEvent, of steps: Int) {
        let now = clock.now
        let interval = isTerminal ? Self.terminalInterval : Self.plainInterval
        if let lastShown, (now - lastShown).seconds < interval, event.step < steps { return }
        lastShown = now
        let left = pace?.secondsLeft(at: now, after: event.step, of: steps) ?? 0
        let text = String(
            format: "step %d/%d  epoch %d  loss %.4f  accuracy %.1f %%  %.1f images/s%@  %@ left", event.step,
            steps, event.epoch, event.loss, event.accuracy * 100, event.imagesPerSecond,
            Self.waiting(event.seconds), Self.text(seconds: left))
        write(isTerminal ? "\r\u{1B}[K" + text : text + "\n")
        hasOpenLine = isTerminal
    }

    /// Writes a line of its own; what came from a file into it is made printable.
    public func say(_ text: String) {
        write((hasOpenLine ? "\n" : "") + text.printable(atMost: 4000) + "\n")
        hasOpenLine = false
    }

    /// That nobody can read it is no reason to end a run.
    private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    /// That a step waits for images, where that is much of it: the remedy is `data.workers`.
    static func waiting(_ seconds: StepSeconds) -> String {
        let part = seconds.data / seconds.total
        return part > 0.2 ? String(format: "  %.0f %% waiting for images", part * 100) : ""
    }

    /// For example `1:02:03`, or `42 s`.
    static func text(seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return String(format: "%d:%02d", whole / 60, whole % 60)
        default: return String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
        }
    }
}

/// How fast the steps of one start of a run follow each other, evaluations between them included.
package struct Pace {
    private let start: ContinuousClock.Instant
    private let stepsBefore: Int

    /// The first step begins.
    ///
    /// - Parameter stepsBefore: Steps done by earlier starts of the run.
    package init(start: ContinuousClock.Instant, stepsBefore: Int) {
        (self.start, self.stepsBefore) = (start, stepsBefore)
    }

    /// Seconds that the rest of the run takes if it goes on as since the start.
    package func secondsLeft(at now: ContinuousClock.Instant, after step: Int, of steps: Int) -> Double {
        guard step > stepsBefore else { return 0 }
        return (now - start).seconds / Double(step - stepsBefore) * Double(steps - step)
    }
}
