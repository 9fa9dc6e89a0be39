internal import Foundation

/// Student's t distribution.
package struct StudentDistribution {
    /// ν, above 0.
    package let degreesOfFreedom: Double

    package init(degreesOfFreedom: Double) { self.degreesOfFreedom = degreesOfFreedom }

    /// P(T > t) for a t of at least 0: half of the regularized incomplete beta function I(ν/2, 1/2) at ν / (ν + t²).
    package func upperTail(_ t: Double) -> Double {
        let square = t * t
        guard square.isFinite else { return 0 }
        return Self.incompleteBeta(
            degreesOfFreedom / 2, 0.5, x: degreesOfFreedom / (degreesOfFreedom + square),
            complement: square / (degreesOfFreedom + square)) / 2
    }

    /// The t above which so much of the distribution lies.
    ///
    /// - Parameter tail: Above 0, at most 0.5.
    package func quantile(upperTail tail: Double) -> Double {
        precondition(tail > 0 && tail <= 0.5, "a tail of \(tail)")
        if tail == 0.5 { return 0 }
        var upper = 2.0
        while upperTail(upper) > tail { upper *= 4 }
        // Tails fall as a power of t, so that their logarithm over that of t is nearly a line.
        let target = log(tail)
        let root = rootOfDecreasing(0, log1p(upper)) { log(upperTail(expm1($0))) - target }
        return expm1(root)
    }

    /// I_x(a, b); `complement` is 1 − x, without cancellation.
    private static func incompleteBeta(_ a: Double, _ b: Double, x: Double, complement: Double)
        -> Double
    {
        if x <= 0 { return 0 }
        if complement <= 0 { return 1 }
        // The continued fraction converges fast below the mean.
        return x < (a + 1) / (a + b + 2)
            ? lowerBeta(a, b, x: x, complement: complement)
            : 1 - lowerBeta(b, a, x: complement, complement: x)
    }

    /// The same by Lentz's method for its continued fraction.
    private static func lowerBeta(_ a: Double, _ b: Double, x: Double, complement: Double) -> Double {
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(complement)) / a
        let least = 1e-300
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        d = 1 / (abs(d) < least ? least : d)
        var fraction = d
        for number in 1..<1000 {
            let m = Double(number)
            for numerator in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 + numerator * d
                d = 1 / (abs(d) < least ? least : d)
                c = 1 + numerator / c
                if abs(c) < least { c = least }
                fraction *= c * d
            }
            if abs(c * d - 1) < 1e-15 { break }
        }
        return front * fraction
    }
}
