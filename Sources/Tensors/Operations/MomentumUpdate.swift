/// Constants of one stochastic gradient step of one parameter.
public struct MomentumStep: Sendable {
    /// Learning rate η.
    public let rate: Double
    /// Momentum μ.
    public let momentum: Double
    /// Whether the step looks ahead by Nesterov's rule.
    public let isNesterov: Bool
    /// Weight decay λ.
    public let weightDecay: Double
    /// Factor applied to the gradient with its penalty, before weight decay: for clipping.
    public let gradientScale: Double

    /// A step from its constants.
    public init(
        rate: Double, momentum: Double, isNesterov: Bool, weightDecay: Double, gradientScale: Double = 1
    ) {
        (self.rate, self.momentum, self.isNesterov) = (rate, momentum, isNesterov)
        (self.weightDecay, self.gradientScale) = (weightDecay, gradientScale)
    }
}

extension Tensor {
    /// One step of stochastic gradient descent with momentum, in one pass over memory, in place:
    ///
    ///     g ← scale · (g + strength · (w − anchor)) + λw;   m ← μm + g;   w ← w − η(g + μm) or w ← w − ηm
    ///
    /// The momentum starts from zeros, so that m = g in the first step, as in PyTorch.
    ///
    /// - Parameters:
    ///   - gradient: Gradient of the objective, of this tensor's shape.
    ///   - momentum: m, changed in place.
    ///   - step: Constants of the step.
    ///   - penalty: A quadratic term of the objective, or nil.
    /// - Returns: `½‖w − anchor‖²` before the step, or 0 without a penalty.
    public func descend(
        gradient: Tensor, momentum: Tensor, step: MomentumStep, penalty: QuadraticPenalty?
    ) -> Double {
        precondition(
            gradient.shape == shape && momentum.shape == shape
                && (penalty?.anchor.map { $0.shape == shape } ?? true),
            "step of a parameter of \(shape) with gradient \(gradient.shape), momentum \(momentum.shape)")
        let kernel = MomentumKernel(w: pointer, g: gradient.pointer, m: momentum.pointer, step)
        defer { withExtendedLifetime((self, gradient, momentum, penalty)) {} }
        return kernel.moveAll(count, penalty: penalty)
    }
}

/// The rule for one element.
private struct MomentumKernel: UpdateKernel {
    let w: UnsafeMutablePointer<Float>
    let g: UnsafeMutablePointer<Float>
    let m: UnsafeMutablePointer<Float>
    let rate: Float
    let inertia: Float
    let decay: Float
    let scale: Float
    /// Weight of the gradient in the direction of the step.
    let ofGradient: Float
    /// Weight of the momentum in it.
    let ofMomentum: Float

    init(
        w: UnsafeMutablePointer<Float>, g: UnsafeMutablePointer<Float>, m: UnsafeMutablePointer<Float>,
        _ step: MomentumStep
    ) {
        (self.w, self.g, self.m) = (w, g, m)
        (rate, inertia) = (Float(step.rate), Float(step.momentum))
        (decay, scale) = (Float(step.weightDecay), Float(step.gradientScale))
        (ofGradient, ofMomentum) = step.isNesterov ? (1, inertia) : (0, 1)
    }

    @inline(__always)
    func move(_ index: Int, gradient: Float) {
        let slope = scale * gradient + decay * w[index]
        let moved = inertia * m[index] + slope
        m[index] = moved
        w[index] -= rate * (ofGradient * slope + ofMomentum * moved)
    }
}
