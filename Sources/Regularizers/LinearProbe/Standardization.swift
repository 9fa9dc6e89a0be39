package import Tensors

/// Features brought to mean 0 and standard deviation 1, column by column: (x − μ) / σ.
///
/// σ is that of all samples, not an estimate from a part of them (divisor n). A column whose values are all equal has
/// σ = 1: it becomes 0 and takes no part.
package struct Standardization: Sendable {
    /// μ, `[F]`.
    package let means: [Double]
    /// σ, `[F]`.
    package let deviations: [Double]

    /// Means and deviations of features `[n, F]`, n at least 1.
    package init(of features: DoubleMatrix) {
        let (count, width) = (features.rowCount, features.columnCount)
        precondition(count > 0, "means of no samples")
        var sums = [Double](repeating: 0, count: width)
        var isConstant = [Bool](repeating: true, count: width)
        for row in 0..<count {
            for (column, index) in features.range(ofRow: row).enumerated() {
                let value = features.elements[index]
                sums[column] += value
                // Of rounded means the deviation of equal values is small, but not 0.
                if value != features.elements[column] { isConstant[column] = false }
            }
        }
        let means = sums.map { $0 / Double(count) }
        var squares = [Double](repeating: 0, count: width)
        for row in 0..<count {
            for (column, index) in features.range(ofRow: row).enumerated() {
                let difference = features.elements[index] - means[column]
                squares[column] += difference * difference
            }
        }
        self.means = means
        deviations = squares.indices.map { column in
            let deviation = (squares[column] / Double(count)).squareRoot()
            return isConstant[column] || deviation == 0 ? 1 : deviation
        }
    }

    /// Standardized features, `[n, F]`.
    package func callAsFunction(_ features: DoubleMatrix) -> DoubleMatrix {
        var result = features
        for row in 0..<result.rowCount {
            for (column, index) in result.range(ofRow: row).enumerated() {
                result.elements[index] = (result.elements[index] - means[column]) / deviations[column]
            }
        }
        return result
    }

    /// The linear layer that does to features what the coefficients do to standardized ones:
    /// `W' = W / σ`, `b' = b − Σ W' μ`.
    ///
    /// - Parameter coefficients: `[K, F + 1]`, W and then b in the last column.
    /// - Returns: W' `[K, F]` and b' `[K]`, row-major.
    package func folded(into coefficients: DoubleMatrix) -> (weight: [Double], bias: [Double]) {
        let width = means.count
        precondition(coefficients.columnCount == width + 1, "\(coefficients.columnCount) columns, F \(width)")
        var (weight, bias): ([Double], [Double]) = ([], [])
        for row in 0..<coefficients.rowCount {
            let first = coefficients.range(ofRow: row).lowerBound
            var shift = 0.0
            for column in 0..<width {
                let value = coefficients.elements[first + column] / deviations[column]
                weight.append(value)
                shift += value * means[column]
            }
            bias.append(coefficients.elements[first + width] - shift)
        }
        return (weight, bias)
    }
}
