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

    /// `‖g + strength · (w − anchor)‖²`: the squared norm of the gradient with this term in it.
    public func squaredGradientNorm(of w: Tensor, gradient g: Tensor) -> Double {
        let pull = Float(strength)
        let (values, slopes) = (w.pointer, g.pointer)
        defer { withExtendedLifetime((w, g)) {} }
        return partialSums(w.count) { range in
            range.reduce(0.0) { sum, index in
                let slope = Double(slopes[index] + pull * (values[index] - anchorElement(index)))
                return sum + slope * slope
            }
        }
    }

    @inline(__always)
    private func anchorElement(_ index: Int) -> Float { anchor.map { $0.pointer[index] } ?? 0 }
}

extension Tensor {
    /// `Σ x²`, in 64 bits.
    public var squaredNorm: Double { 2 * QuadraticPenalty(strength: 1).value(of: dense()) }
}
