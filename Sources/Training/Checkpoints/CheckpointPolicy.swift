/// When a run saves, and what becomes of a save that fails.
public struct CheckpointPolicy: Sendable {
    /// Steps between checkpoints; nil: only when a signal ends the run.
    public let everySteps: Int?
    /// Whether the run ends when a checkpoint cannot be written; else it says so each time and goes on.
    public let stopsOnFailure: Bool
    /// Seconds after which a checkpoint that is still being written counts as one that cannot be written.
    public let timeoutSeconds: Double

    /// A policy from its parts.
    public init(everySteps: Int?, stopsOnFailure: Bool, timeoutSeconds: Double) {
        (self.everySteps, self.stopsOnFailure) = (everySteps, stopsOnFailure)
        self.timeoutSeconds = timeoutSeconds
    }

    /// Whether a checkpoint is due after so many steps.
    func isDue(after step: Int) -> Bool { everySteps.map { step % $0 == 0 } ?? false }
}
