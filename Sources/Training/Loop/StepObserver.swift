/// Where a step stands.
public enum StepPhase: Sendable, CaseIterable {
    /// Before the forward pass of a micro-batch.
    case forward
    /// Before the backward pass of a micro-batch.
    case backward
    /// In the last backward pass, when half of the gradients are ready for the all-reduce.
    case halfReduced
    /// Before the optimizer moves the parameters: gradients and totals have been all-reduced.
    case update
}

/// Is told where each step of this rank stands; an error that it throws ends the step.
public struct StepObserver {
    /// Called with the phase and the number of the step, which counts from 1.
    let reached: (StepPhase, Int) throws -> Void

    /// An observer that calls `reached` with the phase and the number of the step.
    public init(_ reached: @escaping (_ phase: StepPhase, _ step: Int) throws -> Void) {
        self.reached = reached
    }

    /// Looks at nothing.
    public static var none: StepObserver { StepObserver { _, _ in } }
}
