internal import Foundation

/// Tells once in a run whether gradients should travel in fewer bytes: where computing became quicker, communication
/// shows.
package struct WireFormatAdvice {
    /// Steps before those that count: they compile primitives and try overlap strategies.
    private static let firstStep = 10
    /// Steps that count.
    private static let stepCount = 10
    /// The share of a step that communication may take.
    private static let allowedShare = 0.15

    /// Nothing seen yet.
    package init() {}

    private var seen = 0
    private var communication = 0.0
    private var total = 0.0

    /// Takes note of where a step's time went.
    ///
    /// - Returns: A line for the user, once at most.
    package mutating func note(_ seconds: StepSeconds) -> String? {
        seen += 1
        guard seen > Self.firstStep, seen <= Self.firstStep + Self.stepCount else { return nil }
        communication += seconds.communication
        total += seconds.total
        guard seen == Self.firstStep + Self.stepCount, communication > Self.allowedShare * total else {
            return nil
        }
        return String(
            format:
                "%.0f %% of a step is communication that nothing hides: communication.wire-format: bfloat16 halves "
                + "its bytes", 100 * communication / total)
    }
}
