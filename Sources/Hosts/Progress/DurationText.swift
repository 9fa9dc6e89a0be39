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
}
