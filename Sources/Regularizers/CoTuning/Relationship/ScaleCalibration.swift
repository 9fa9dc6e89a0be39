package import Tensors

/// One factor on logits, chosen for the least mean loss: temperature scaling.
///
///     a = argmin (1/n) Σ_n (ln Σ_k exp(a · z_nk) − a · z_{n y_n})
///
/// Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
package enum ScaleCalibration {
    /// The scale with the least loss, by Newton's method inside a bracket.
    ///
    /// Logits that rank every sample correctly have no finite optimum: the search ends where the loss is
    /// flat to 1e-12. Logits that are all zero get 1.
    ///
    /// - Parameters:
    ///   - logits: z, `[n, K]`.
    ///   - labels: y, `[n]`, at least one.
    package static func scale(logits: DoubleMatrix, labels: [Int]) -> Double {
        // Divided by the largest, so that limits and tolerances mean the same for every strength.
        let largest = logits.elements.reduce(0) { max($0, abs($1)) }
        guard largest > 0 else { return 1 }
        var unit = logits
        for index in unit.elements.indices { unit.elements[index] /= largest }

        var (lower, upper) = (-1e4, 1e4)
        var factor = min(largest, upper)
        for _ in 0..<500 {
            let (slope, curvature) = derivatives(unit, labels, at: factor)
            if abs(slope) <= 1e-12 || upper - lower <= 1e-12 * max(1, abs(factor)) { break }
            if slope < 0 { lower = factor } else { upper = factor }
            let candidate = factor - slope / curvature
            factor = candidate > lower && candidate < upper ? candidate : (lower + upper) / 2
        }
        return factor / largest
    }

    /// First and second derivative of the mean loss by the scale: mean of E[z] − z_y, mean of Var[z].
    private static func derivatives(
        _ logits: DoubleMatrix, _ labels: [Int], at scale: Double
    ) -> (Double, Double) {
        var (slope, curvature) = (0.0, 0.0)
        let scaled = logits.elements.map { scale * $0 }
        for (row, label) in labels.enumerated() {
            let range = logits.range(ofRow: row)
            let logarithm = logarithmOfSum(scaled, range)
            var (mean, square) = (0.0, 0.0)
            for index in range {
                let (probability, logit) = (exponential(scaled[index] - logarithm), logits.elements[index])
                mean += probability * logit
                square += probability * logit * logit
            }
            slope += mean - logits.elements[range.lowerBound + label]
            curvature += max(0, square - mean * mean)
        }
        return (slope / Double(labels.count), curvature / Double(labels.count))
    }
}
