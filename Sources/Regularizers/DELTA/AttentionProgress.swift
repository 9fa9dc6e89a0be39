package import Hosts

/// Tells the user how long scores will take, from their first part, and then how far they are.
///
/// The work is in pieces of several kinds, such as filters of a tap, and those of a kind take equally long.
package struct AttentionProgress {
    /// What is measured before the time is estimated; at least one piece of each kind.
    private static let firstSeconds = 2.0
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
    private var line: WorkLine

    /// Nothing is done yet.
    ///
    /// - Parameters:
    ///   - pieces: Of the whole work on this rank, by kind.
    ///   - advice: What follows the time that a long computation will take.
    ///   - surface: Where it is shown how far they are.
    ///   - now: Seconds since some moment.
    ///   - say: Tells the user a line.
    package init(
        pieces: [Int], advice: String, on surface: ProgressSurface = ProgressDisplay.ofWork,
        now: @escaping () -> Double, say: @escaping (String) -> Void
    ) {
        line = WorkLine("attention", on: surface)
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
            line.didSay(share, after: passed)
            guard left >= Self.secondsWorthSaying else { return }
            say(
                "attention: this will take about \(DurationText.words(left)), as its first "
                    + "\(DurationText.words(passed)) show\(advice)")
        } else {
            line.show(share, after: passed, secondsLeft: left)
        }
    }

    /// All is done.
    package func finish() { say("attention: scores took \(DurationText.words(now() - start))") }
}
