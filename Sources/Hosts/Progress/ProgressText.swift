/// How far something is, in one line: a bar and some facts, as many as the terminal has room for.
package struct ProgressText: Sendable {
    /// A fact, such as `loss 0.1234`.
    package struct Part: Sendable {
        package let text: String
        /// Where there is no room for all, those with the least go.
        let weight: Int

        package init(_ text: String, weight: Int) { (self.text, self.weight) = (text, weight) }
    }

    private static let shortestBar = 8
    private static let longestBar = 30
    private static let gap = "  "

    private let share: Double
    private let parts: [Part]

    /// - Parameters:
    ///   - share: What is done of it, from 0 to 1; anything else counts as the nearer end.
    ///   - parts: Facts in the order in which they are shown; at least one.
    package init(share: Double, _ parts: [Part]) {
        self.share = share.isFinite ? min(max(share, 0), 1) : 0
        self.parts = parts
    }

    /// The line for a terminal: one column less than it has, so that it does not break the line.
    package func line(columns: Int) -> String {
        let width = max(columns - 1, 0)
        let percent = String(Int(share * 100)) + " %"
        func length(_ parts: [Part]) -> Int {
            parts.reduce(percent.count) { $0 + Self.gap.count + $1.text.count }
        }
        // Two brackets and the space behind them.
        let frame = 3
        var kept = parts
        while kept.count > 1, length(kept) + frame + Self.shortestBar > width,
            let least = kept.indices.min(by: { kept[$0].weight < kept[$1].weight })
        {
            kept.remove(at: least)
        }
        let room = width - length(kept) - frame
        let bar = room >= Self.shortestBar ? bar(of: min(room, Self.longestBar)) + " " : ""
        return String((bar + ([percent] + kept.map(\.text)).joined(separator: Self.gap)).prefix(width))
    }

    /// Readable in any character set and without color.
    private func bar(of width: Int) -> String {
        let done = Int(share * Double(width))
        return "[" + String(repeating: "#", count: done) + String(repeating: "-", count: width - done) + "]"
    }
}
