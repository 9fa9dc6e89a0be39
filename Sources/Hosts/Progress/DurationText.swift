internal import Foundation

/// Durations as a person says them.
package enum DurationText {
    /// For example `6 h 41 min`, `3 min 20 s`, `12 s`; nothing longer than thirty years.
    package static func words(_ seconds: Double) -> String {
        let whole = seconds.isFinite ? Int(min(max(seconds, 0), 1e9).rounded()) : 0
        return switch whole {
        case ..<60: "\(whole) s"
        case ..<3600: "\(whole / 60) min \(whole % 60) s"
        default: "\(whole / 3600) h \(whole / 60 % 60) min"
        }
    }

    /// With its digits where it is short, as measurements are: `12.3 ms`, `4.56 s`, and from a minute on as `words`.
    package static func measured(_ seconds: Double) -> String {
        switch seconds {
        case 0..<0.99995: String(format: "%.1f ms", seconds * 1000)
        case 0..<59.995: String(format: "%.2f s", seconds)
        default: words(seconds)
        }
    }
}
