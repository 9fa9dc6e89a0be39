internal import Foundation

/// Tells the user how long scores will take, from their first part, and then how far they are.
///
/// The work is in pieces of several kinds, such as filters of a tap, and those of a kind take equally long.
package struct AttentionProgress {
    /// What is measured before the time is estimated; at least one piece of each kind.
    private static let firstSeconds = 2.0
    /// Lines come at every twentieth of the time, no more often than this.
    private static let secondsBetweenLines = 10.0
    /// What is done sooner is not spoken of.
    private static let secondsWorthSaying = 20.0

    /// Pieces of each kind that are left, those that are done, and the seconds that these took.
    private var kinds: [(left: Int, done: Int, seconds: Double)]
    private let advice: String
    private let say: (String) -> Void
    private let now: () -> Double
    private let start: Double
    private var last: Double
    private var hasEstimated = false
    private var lastLine: (seconds: Double, share: Double) = (0, 0)

    /// Nothing is done yet.
    ///
    /// - Parameters:
    ///   - pieces: Of the whole work on this rank, by kind.
    ///   - advice: What follows the time that a long computation will take.
    ///   - now: Seconds since some moment.
    ///   - say: Tells the user a line.
    package init(
        pieces: [Int], advice: String, now: @escaping () -> Double, say: @escaping (String) -> Void
    ) {
        kinds = pieces.map { ($0, 0, 0) }
        (self.advice, self.now, self.say) = (advice, now, say)
        start = now()
        last = start
    }

    /// Some pieces of a kind were done since the last call.
    package mutating func didScore(_ count: Int, ofKind kind: Int) {
        let time = now()
        kinds[kind].left -= count
        kinds[kind].done += count
        kinds[kind].seconds += time - last
        last = time
        let passed = time - start
        guard passed >= Self.firstSeconds, kinds.allSatisfy({ $0.done > 0 || $0.left == 0 }) else { return }
        let left = kinds.reduce(0) { $0 + Double($1.left) * $1.seconds / Double(max($1.done, 1)) }
        let share = passed / (passed + left)
        if !hasEstimated {
            hasEstimated = true
            lastLine = (passed, share)
            guard left >= Self.secondsWorthSaying else { return }
            say(
                "attention: this will take about \(Self.text(left)), as its first \(Self.text(passed)) show"
                    + advice)
        } else if left > 0, share - lastLine.share >= 0.05,
            passed - lastLine.seconds >= Self.secondsBetweenLines
        {
            lastLine = (passed, share)
            say(
                "attention: \(String(format: "%.0f", share * 100)) % done, about \(Self.text(left)) left")
        }
    }

    /// All is done.
    package func finish() { say("attention: scores took \(Self.text(now() - start))") }

    /// For example `6 h 41 min`, `3 min 20 s`, `12 s`.
    private static func text(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds, 0), 1e9).rounded())
        return switch whole {
        case ..<60: "\(whole) s"
        case ..<3600: "\(whole / 60) min \(whole % 60) s"
        default: "\(whole / 3600) h \(whole / 60 % 60) min"
        }
    }
}
