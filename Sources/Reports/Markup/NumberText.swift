internal import Foundation
internal import Hosts

/// Numbers as people read them. What is missing or not finite is a dash.
enum NumberText {
    static let missing = "–"

    /// For example `67.93 %`.
    static func percent(_ share: Double?, digits: Int = 2) -> String {
        guard let share, share.isFinite else { return missing }
        return String(format: "%.\(digits)f %%", share * 100)
    }

    /// Three significant digits: `67.9 %`, `100 %`.
    static func shortPercent(_ share: Double) -> String { String(format: "%.3g %%", share * 100) }

    /// Points of a hundred with a sign: `+1.2`.
    static func points(_ share: Double?) -> String {
        guard let share, share.isFinite else { return missing }
        return String(format: "%+.1f", share * 100)
    }

    /// Four significant digits, or all of a whole number.
    static func short(_ value: Double?) -> String {
        guard let value, value.isFinite else { return missing }
        if value == value.rounded(), abs(value) < 1e9 { return "\(Int(value))" }
        return String(format: "%.4g", value)
    }

    /// For example `1 h 2 min`, `4.56 s`.
    static func duration(_ seconds: Double?) -> String {
        guard let seconds, seconds >= 0, seconds < 1e9 else { return missing }
        return DurationText.measured(seconds)
    }

    /// For example `1.2 GB`.
    static func bytes(_ count: Double?) -> String {
        guard let count, count.isFinite, count >= 0 else { return missing }
        let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
        guard let unit = units.first(where: { count >= $0.1 }) else {
            return String(format: "%.0f B", count)
        }
        return String(format: "%.3g %@", count / unit.1, unit.0)
    }

    /// A coordinate of a picture, to a tenth; nothing of it is far outside.
    static func coordinate(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let tenths = Int((min(max(value, -9999), 9999) * 10).rounded())
        let whole = "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10)"
        return tenths % 10 == 0 ? whole : "\(whole).\(abs(tenths) % 10)"
    }

    /// `x y`, for a path.
    static func pair(_ x: Double, _ y: Double) -> String { coordinate(x) + " " + coordinate(y) }
}
