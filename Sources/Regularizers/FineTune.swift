public import Layers
public import Tensors

/// Plain fine-tuning: cross-entropy alone, `L = (1/B) Σ CE`.
public final class FineTune: Regularizer {
    /// The method without settings.
    public init() {}

    /// Nil: plain fine-tuning has no term of its own.
    public func parameterPenalty(on parameter: Parameter, of part: NetworkPart) -> QuadraticPenalty? { nil }
}
