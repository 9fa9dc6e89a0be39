/// Constants of one step of AdamW of one parameter.
public struct AdaptiveMomentStep: Sendable {
    /// Learning rate η.
    public let rate: Double
    /// β₁ and β₂: how much of the first and of the second moment is kept.
    public let betas: (Double, Double)
    /// ε, added to the root of the second moment.
    public let epsilon: Double
    /// Decoupled weight decay λ.
    public let weightDecay: Double
    /// Factor applied to the gradient with its penalty's: for clipping.
    public let gradientScale: Double
    /// t, steps of this parameter with this one.
    public let stepCount: Int

    /// A step from its constants.
    public init(
        rate: Double, betas: (Double, Double), epsilon: Double, weightDecay: Double,
        gradientScale: Double = 1, stepCount: Int
    ) {
        precondition(stepCount >= 1, "step \(stepCount) of a parameter; the first is 1")
        (self.rate, self.betas, self.epsilon) = (rate, betas, epsilon)
        (self.weightDecay, self.gradientScale, self.stepCount) = (weightDecay, gradientScale, stepCount)
    }
}

extension Tensor {
    /// One step of AdamW, in one pass over memory, in place:
    ///
    ///     g ← scale · (g + strength · (w − anchor));   w ← (1 − ηλ) w
    ///     m ← β₁m + (1 − β₁) g;   v ← β₂v + (1 − β₂) g²
    ///     w ← w − η m̂ / (√v̂ + ε),   m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ)
    ///
    /// - Parameters:
    ///   - gradient: Gradient of the objective, of this tensor's shape.
    ///   - first: m, changed in place; zeros before the first step.
    ///   - second: v, changed in place; zeros before the first step.
    ///   - step: Constants of the step.
    ///   - penalty: A quadratic term of the objective, or nil.
    /// - Returns: `½‖w − anchor‖²` before the step, or 0 without a penalty.
    public func adapt(
        gradient: Tensor, first: Tensor, second: Tensor, step: AdaptiveMomentStep, penalty: QuadraticPenalty?
    ) -> Double {
        precondition(
            [gradient, first, second].allSatisfy { $0.shape == shape }
                && (penalty?.anchor.map { $0.shape == shape } ?? true),
            "step of a parameter of \(shape) with gradient \(gradient.shape), moments \(first.shape), "
                + "\(second.shape)")
        let kernel = AdaptiveMomentKernel(
            w: pointer, g: gradient.pointer, m: first.pointer, v: second.pointer, step)
        defer { withExtendedLifetime((self, gradient, first, second, penalty)) {} }
        return kernel.moveAll(count, penalty: penalty)
    }
}

/// The rule for one element.
private struct AdaptiveMomentKernel: UpdateKernel {
    let w: UnsafeMutablePointer<Float>
    let g: UnsafeMutablePointer<Float>
    let m: UnsafeMutablePointer<Float>
    let v: UnsafeMutablePointer<Float>
    let scale: Float
    let (keptFirst, newFirst, keptSecond, newSecond): (Float, Float, Float, Float)
    /// `ηλ`: `1 − ηλ` would round a decay of 1e-8 away.
    let decay: Float
    /// `η / (1 − β₁ᵗ)`.
    let stepSize: Float
    /// `1 / √(1 − β₂ᵗ)`.
    let rootCorrection: Float
    let epsilon: Float

    init(
        w: UnsafeMutablePointer<Float>, g: UnsafeMutablePointer<Float>, m: UnsafeMutablePointer<Float>,
        v: UnsafeMutablePointer<Float>, _ step: AdaptiveMomentStep
    ) {
        (self.w, self.g, self.m, self.v) = (w, g, m, v)
        scale = Float(step.gradientScale)
        let (first, second) = step.betas
        (keptFirst, newFirst) = (Float(first), Float(1 - first))
        (keptSecond, newSecond) = (Float(second), Float(1 - second))
        decay = Float(step.rate * step.weightDecay)
        stepSize = Float(step.rate / (1 - Self.power(first, step.stepCount)))
        rootCorrection = Float(1 / (1 - Self.power(second, step.stepCount)).squareRoot())
        epsilon = Float(step.epsilon)
    }

    /// `baseᵉ` by multiplications alone, which give the same bits on every host; the `pow` of its mathematical
    /// library may not.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }

    @inline(__always)
    func move(_ index: Int, gradient: Float) {
        let slope = scale * gradient
        let first = keptFirst * m[index] + newFirst * slope
        let second = keptSecond * v[index] + newSecond * (slope * slope)
        m[index] = first
        v[index] = second
        let movement = stepSize * (first / (second.squareRoot() * rootCorrection + epsilon))
        w[index] -= decay * w[index] + movement
    }
}
