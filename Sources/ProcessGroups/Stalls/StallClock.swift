internal import Foundation

/// Counts time in which this process could run.
///
/// A job that a batch system suspends, or a machine that sleeps, finds hours gone when it wakes up. No rank was
/// at fault, so each lap counts for little more than it was meant to take.
package struct StallClock {
    private let longestLap: Double
    private var last = DispatchTime.now().uptimeNanoseconds

    /// A clock for laps of about the given seconds.
    package init(lap: Double) { longestLap = 2 * lap }

    /// Seconds since the last call, at most twice a lap.
    package mutating func lap() -> Double {
        let now = DispatchTime.now().uptimeNanoseconds
        defer { last = now }
        return min(longestLap, Double(now - last) / 1e9)
    }
}
