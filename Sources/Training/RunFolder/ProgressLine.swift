internal import Foundation
internal import Hosts

/// What a run tells a person on standard error: on a terminal one line that renews itself, plain lines now and then
/// elsewhere, and lines that it says. Rank 0 alone has one.
public final class ProgressLine {
    private let clock = ContinuousClock()
    private var pace: Pace?
    private var lastShown: ContinuousClock.Instant?
    /// Who takes notices down, and what was said before there was anybody.
    private var record: ((String) -> Void)?
    private var unrecorded: [String] = []

    /// More notices than that say nothing new.
    private static let mostUnrecorded = 100

    /// A line that nothing was written to.
    public init() {}

    /// The first step of this start begins; what came before, its preparation and earlier starts, says nothing of the
    /// time that is left.
    ///
    /// - Parameter step: Steps done by earlier starts.
    func beginSteps(after step: Int) { pace = Pace(start: clock.now, stepsBefore: step) }

    /// A step was done; shows it if it is time to, or if it was the last.
    ///
    /// - Parameters:
    ///   - event: The step.
    ///   - plan: The run's.
    ///   - wait: What steps wait for, if for anything.
    func show(_ event: StepEvent, of plan: TrainingPlan, wait: StepWait?) {
        let surface = ProgressDisplay.ofSteps
        let interval: Double
        switch surface {
        case .none: return
        case .log: interval = ProgressSurface.secondsBetweenLines
        case .terminal: interval = ProgressSurface.secondsBetweenRenewals
        }
        let now = clock.now
        if let lastShown, (now - lastShown).seconds < interval, event.step < plan.stepCount { return }
        lastShown = now
        let left = pace?.secondsLeft(at: now, after: event.step, of: plan.stepCount) ?? 0
        let parts = Self.parts(event, of: plan, secondsLeft: left, wait: wait)
        switch surface {
        case .none: break
        case .log(let say): say(parts.map(\.text).joined(separator: "  "))
        case .terminal(let renew):
            renew(ProgressText(share: Double(event.step) / Double(plan.stepCount), parts))
        }
    }

    /// What is said of a step, in order. A narrow terminal shows the heaviest.
    static func parts(
        _ event: StepEvent, of plan: TrainingPlan, secondsLeft: Double, wait: StepWait?
    ) -> [ProgressText.Part] {
        [
            .init("step \(event.step)/\(plan.stepCount)", weight: 6),
            .init("epoch \(event.epoch + 1)/\(plan.epochs)", weight: 2),
            .init(
                event.loss.isNaN ? "loss not a number" : String(format: "loss %.4f", event.loss), weight: 5),
            .init(String(format: "accuracy %.1f %%", event.accuracy * 100), weight: 3),
            .init(String(format: "%.1f images/s", event.imagesPerSecond), weight: 1),
            .init("\(DurationText.words(secondsLeft)) left", weight: 4),
        ] + (wait.map { [.init($0.description, weight: 0)] } ?? [])
    }

    /// Writes a line of its own; what came from a file into it is made printable. A program that was told to be quiet
    /// shows only those that begin with `notice: `.
    public func say(_ text: String) {
        ProgressDisplay.say(text)
        guard let notice = ProgressDisplay.noticeText(text) else { return }
        if let record {
            record(notice)
        } else if unrecorded.count < Self.mostUnrecorded {
            unrecorded.append(notice)
        }
    }

    /// Writes a line that a person should read, however quiet the program is.
    public func warn(_ text: String) { say(ProgressDisplay.notice(text)) }

    /// Hands on every notice that was said and that will be, without its beginning.
    func recordNotices(_ record: @escaping (String) -> Void) {
        let before = unrecorded
        (self.record, unrecorded) = (record, [])
        before.forEach(record)
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
