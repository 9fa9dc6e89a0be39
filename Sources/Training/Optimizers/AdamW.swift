public import Tensors

/// Adam with decoupled weight decay:
///
///     w ← (1 − ηλ) w;   m ← β₁m + (1 − β₁) g;   v ← β₂v + (1 − β₂) g²
///     w ← w − η m̂ / (√v̂ + ε),   m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ)
///
/// with g the gradient of the whole objective and t the steps of the parameter itself. Gradients of penalties enter
/// the moments, decay does not. Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, in PyTorch's
/// form.
public struct AdamW: Optimizer {
    /// β₁ and β₂.
    public let betas: (Double, Double)
    /// ε.
    public let epsilon: Double
    /// λ, on every trained parameter.
    public let weightDecay: Double

    /// An optimizer from its hyper-parameters.
    public init(betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double) {
        (self.betas, self.epsilon, self.weightDecay) = (betas, epsilon, weightDecay)
    }

    /// m and v.
    public var slotNames: [String] { ["first-moment", "second-moment"] }

    /// v, whose root is taken.
    public var nonNegativeSlots: Set<String> { ["second-moment"] }

    /// One step of one parameter.
    public func update(_ parameter: Tensor, slots: [Tensor], with update: ParameterUpdate) -> Double {
        parameter.adapt(
            gradient: update.gradient, first: slots[0], second: slots[1],
            step: AdaptiveMomentStep(
                rate: update.learningRate, betas: betas, epsilon: epsilon, weightDecay: weightDecay,
                gradientScale: update.gradientScale, stepCount: update.stepCount),
            penalty: update.penalty)
    }
}
