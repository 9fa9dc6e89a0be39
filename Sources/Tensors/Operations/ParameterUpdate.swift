internal import Foundation

/// A quadratic pull on a parameter: `strength · ½‖w − anchor‖²`, with an anchor of zeros if there is none.
public struct QuadraticPenalty: Sendable {
    /// Factor of the term.
    public let strength: Double
    /// Where the parameter is pulled to, of its shape; nil for the origin.
    public let anchor: Tensor?

    /// A pull of the given strength towards `anchor`, or towards zero.
    public init(strength: Double, anchor: Tensor? = nil) {
        (self.strength, self.anchor) = (strength, anchor)
    }

    /// `½‖w − anchor‖²`, summed in 64 bits; the strength is not in it.
    public func value(of w: Tensor) -> Double {
        let squares = partialSums(w.count) { range in
            w.withElements { values in
                range.reduce(0.0) { sum, index in
                    let deviation = Double(values[index] - (anchorElement(index)))
                    return sum + deviation * deviation
                }
            }
        }
        return squares / 2
    }

    /// `‖g + strength · (w − anchor)‖²`: the squared length of the gradient with this term in it.
    public func squaredGradientNorm(of w: Tensor, gradient g: Tensor) -> Double {
        let pull = Float(strength)
        return partialSums(w.count) { range in
            range.reduce(0.0) { sum, index in
                let slope = Double(g.pointer[index] + pull * (w.pointer[index] - anchorElement(index)))
                return sum + slope * slope
            }
        }
    }

    @inline(__always)
    private func anchorElement(_ index: Int) -> Float { anchor.map { $0.pointer[index] } ?? 0 }
}

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
    ///     g ← scale · (g + strength · (w − anchor)) + λw;   m ← μm + g;   w ← w − η(g + μm) or w − ηm
    ///
    /// The first line's momentum starts from zeros, so that m = g in the first step, as in PyTorch.
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
        let (w, g, m) = (pointer, gradient.pointer, momentum.pointer)
        let anchor = penalty?.anchor?.pointer
        let strength = Float(penalty?.strength ?? 0)
        let (rate, inertia) = (Float(step.rate), Float(step.momentum))
        let (decay, scale) = (Float(step.weightDecay), Float(step.gradientScale))
        let (ofGradient, ofMomentum): (Float, Float) = step.isNesterov ? (1, inertia) : (0, 1)
        let squares: Double
        if penalty == nil {
            parallelRanges(count) { range in
                for index in range {
                    let slope = scale * g[index] + decay * w[index]
                    let moved = inertia * m[index] + slope
                    m[index] = moved
                    w[index] -= rate * (ofGradient * slope + ofMomentum * moved)
                }
            }
            squares = 0
        } else {
            squares = partialSums(count) { range in
                var sum = 0.0
                for index in range {
                    let deviation = w[index] - (anchor.map { $0[index] } ?? 0)
                    sum += Double(deviation) * Double(deviation)
                    let slope = scale * (g[index] + strength * deviation) + decay * w[index]
                    let moved = inertia * m[index] + slope
                    m[index] = moved
                    w[index] -= rate * (ofGradient * slope + ofMomentum * moved)
                }
                return sum
            }
        }
        withExtendedLifetime((self, gradient, momentum, penalty)) {}
        return squares / 2
    }

    /// `Σ x²`, in 64 bits.
    public var squaredNorm: Double { 2 * QuadraticPenalty(strength: 1).value(of: dense()) }
}

/// Sums of fixed pieces of `0 ..< count`, added in order, so that the result does not depend on threads.
func partialSums(_ count: Int, _ sum: (Range<Int>) -> Double) -> Double {
    let pieceSize = 1 << 14
    let pieces = (count + pieceSize - 1) / pieceSize
    let sums = [Double](unsafeUninitializedCapacity: pieces) { buffer, initializedCount in
        let results = buffer
        parallelRanges(pieces, weight: pieceSize) { range in
            for piece in range {
                results[piece] = sum(piece * pieceSize..<min((piece + 1) * pieceSize, count))
            }
        }
        initializedCount = pieces
    }
    return sums.reduce(0, +)
}
