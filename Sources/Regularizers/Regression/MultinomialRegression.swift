package import Tensors

/// Multinomial logistic regression as scikit-learn weighs it:
///
///     f(W, b) = ½‖W‖² + C · Σ_n (ln Σ_k exp(w_k · x_n + b_k) − w_{y_n} · x_n − b_{y_n})
///
/// with W `[K, S]`, samples x `[n, S]` and labels y `[n]`; b `[K]` is 0 without an intercept. Without one f is strongly
/// convex, with a modulus of 1: it has one optimum, from which no W is farther than ‖∇f(W)‖. With one the optimum is
/// that up to a number that is added to all of b, and its b sums to 0. Everything is in 64 bits; nothing
/// communicates.
package struct MultinomialRegression: Sendable {
    /// x, `[n, S]`; with an intercept `[n, S + 1]`, the last column ones.
    package let samples: DoubleMatrix
    /// y, `[n]`.
    package let labels: [Int]
    /// K.
    package let classCount: Int
    /// C.
    package let strength: Double
    /// Whether the last column of the coefficients, b, is not part of the penalty.
    package let hasIntercept: Bool

    /// A regression; labels outside `0 ..< classCount` trap.
    ///
    /// - Parameter samples: x, `[n, S]`.
    package init(
        samples: DoubleMatrix, labels: [Int], classCount: Int, strength: Double, hasIntercept: Bool = false
    ) {
        self.init(
            prepared: hasIntercept ? samples.appendingOnes() : samples, labels: labels,
            classCount: classCount, strength: strength, hasIntercept: hasIntercept)
    }

    /// The same with another C.
    package func with(strength: Double) -> MultinomialRegression {
        MultinomialRegression(
            prepared: samples, labels: labels, classCount: classCount, strength: strength,
            hasIntercept: hasIntercept)
    }

    private init(
        prepared: DoubleMatrix, labels: [Int], classCount: Int, strength: Double, hasIntercept: Bool
    ) {
        precondition(
            labels.count == prepared.rowCount, "\(labels.count) labels, \(prepared.rowCount) samples")
        precondition(labels.allSatisfy { 0..<classCount ~= $0 }, "a label outside 0 ..< \(classCount)")
        (samples, self.labels, self.classCount) = (prepared, labels, classCount)
        (self.strength, self.hasIntercept) = (strength, hasIntercept)
    }

    /// f and what comes with it at one (W, b).
    package struct Point: Sendable {
        /// W, `[K, S]`; with an intercept `[K, S + 1]`, the last column b.
        package let coefficients: DoubleMatrix
        /// f(W, b).
        package let value: Double
        /// ∇f = (W, 0) + C · (P − Y)ᵀ x, of the shape of the coefficients.
        package let gradient: DoubleMatrix
        /// P, the softmax of w_k · x_n + b_k, `[n, K]`.
        package let probabilities: DoubleMatrix
    }

    /// f, its gradient and P at (W, b).
    package func evaluate(_ coefficients: DoubleMatrix) -> Point {
        var probabilities = samples.times(transposed: coefficients)
        var loss = 0.0
        for (row, label) in labels.enumerated() {
            let range = probabilities.range(ofRow: row)
            let logarithm = logarithmOfSum(probabilities.elements, range)
            loss += logarithm - probabilities.elements[range.lowerBound + label]
            for index in range {
                probabilities.elements[index] = exponential(probabilities.elements[index] - logarithm)
            }
        }
        var errors = probabilities
        for (row, label) in labels.enumerated() { errors.elements[row * classCount + label] -= 1 }
        let penalized = penalized(coefficients)
        return Point(
            coefficients: coefficients,
            value: 0.5 * dot(penalized.elements, penalized.elements) + strength * loss,
            gradient: shrinkage(penalized, plus: errors), probabilities: probabilities)
    }

    /// ∇²f · V = (V, 0) + C · (P ∘ (U − rowsum(P ∘ U)))ᵀ x with U = x · Vᵀ; V like the coefficients.
    package func curvature(along direction: DoubleMatrix, at point: Point) -> DoubleMatrix {
        var weighted = samples.times(transposed: direction)
        for row in 0..<weighted.rowCount {
            let range = weighted.range(ofRow: row)
            var mean = 0.0
            for index in range { mean += point.probabilities.elements[index] * weighted.elements[index] }
            for index in range {
                weighted.elements[index] =
                    point.probabilities.elements[index] * (weighted.elements[index] - mean)
            }
        }
        return shrinkage(penalized(direction), plus: weighted)
    }

    /// `W x + b` for samples that were not fitted.
    ///
    /// - Parameters:
    ///   - coefficients: Of a regression with an intercept, `[K, S + 1]`.
    ///   - samples: `[m, S]`.
    /// - Returns: `[m, K]`.
    static func logits(_ coefficients: DoubleMatrix, _ samples: DoubleMatrix) -> DoubleMatrix {
        samples.appendingOnes().times(transposed: coefficients)
    }

    /// The coefficients with zeros in place of b.
    private func penalized(_ coefficients: DoubleMatrix) -> DoubleMatrix {
        guard hasIntercept else { return coefficients }
        var result = coefficients
        for row in 0..<result.rowCount { result.elements[(row + 1) * result.columnCount - 1] = 0 }
        return result
    }

    /// `matrix + C · errorsᵀ · x`.
    private func shrinkage(_ matrix: DoubleMatrix, plus errors: DoubleMatrix) -> DoubleMatrix {
        var result = errors.transposedTimes(samples)
        for index in result.elements.indices {
            result.elements[index] = matrix.elements[index] + strength * result.elements[index]
        }
        return result
    }
}

extension DoubleMatrix {
    /// The matrix with a last column of ones.
    fileprivate func appendingOnes() -> DoubleMatrix {
        var wider: [Double] = []
        wider.reserveCapacity(rowCount * (columnCount + 1))
        for row in 0..<rowCount {
            wider += elements[range(ofRow: row)]
            wider.append(1)
        }
        return DoubleMatrix(rowCount: rowCount, columnCount: columnCount + 1, elements: wider)
    }
}

/// Σ aᵢ bᵢ.
func dot(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "dot product of \(a.count) and \(b.count) elements")
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}
