/// What one rank knows and all must act on together; the ranks learn of it with the totals of a step.
///
/// What a rank hands in is its own vote. What a step returns is true where any rank voted so.
public struct StepBallot: Sendable, Equatable {
    /// Whether the run is to stop after this step, because of a signal.
    public var stop: Bool
    /// Whether the run must end, because rank 0 could not write a file.
    public var saveHasFailed: Bool
    /// Whether the step does not count and the run must end, because a rank could not read its samples.
    public var loadHasFailed: Bool

    /// A ballot; no vote by default.
    public init(stop: Bool = false, saveHasFailed: Bool = false, loadHasFailed: Bool = false) {
        (self.stop, self.saveHasFailed, self.loadHasFailed) = (stop, saveHasFailed, loadHasFailed)
    }
}
