internal import Foundation

/// The standard normal distribution.
package enum NormalDistribution {
    /// P(Z > z).
    package static func upperTail(_ z: Double) -> Double { erfc(z / 2.squareRoot()) / 2 }

    /// The z above which so much of the distribution lies.
    ///
    /// - Parameter tail: Above 0, at most 0.5.
    package static func quantile(upperTail tail: Double) -> Double {
        precondition(tail > 0 && tail <= 0.5, "a tail of \(tail)")
        if tail == 0.5 { return 0 }
        // exp(−z²/2) bounds the tail.
        let bound = (-2 * log(tail)).squareRoot()
        return rootOfDecreasing(0, bound + 1) { log(upperTail($0)) - log(tail) }
    }
}
