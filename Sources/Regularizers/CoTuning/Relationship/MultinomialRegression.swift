package import Tensors

/// Multinomial logistic regression without intercept, as scikit-learn weighs it:
///
///     f(W) = ½‖W‖² + C · Σ_n (ln Σ_k exp(w_k · x_n) − w_{y_n} · x_n)
///
/// with W `[K, S]`, samples x `[n, S]` and labels y `[n]`. f is strongly convex, with a modulus of 1: it has
/// one optimum, from which no W is farther than ‖∇f(W)‖. Everything is in 64 bits; nothing communicates.
package struct MultinomialRegression: Sendable {
    /// x, `[n, S]`.
    package let samples: DoubleMatrix
    /// y, `[n]`.
    package let labels: [Int]
    /// K.
    package let classCount: Int
    /// C.
    package let strength: Double

    /// A regression; labels outside `0 ..< classCount` trap.
    package init(samples: DoubleMatrix, labels: [Int], classCount: Int, strength: Double) {
        precondition(labels.count == samples.rowCount, "\(labels.count) labels, \(samples.rowCount) samples")
        precondition(labels.allSatisfy { 0..<classCount ~= $0 }, "a label outside 0 ..< \(classCount)")
        self.samples = samples
        self.labels = labels
        self.classCount = classCount
        self.strength = strength
    }

    /// f and what comes with it at one W.
    package struct Point: Sendable {
        /// W, `[K, S]`.
        package let coefficients: DoubleMatrix
        /// f(W).
        package let value: Double
        /// ∇f(W) = W + C · (P − Y)ᵀ x, `[K, S]`.
        package let gradient: DoubleMatrix
        /// P, the softmax of w_k · x_n, `[n, K]`.
        package let probabilities: DoubleMatrix
    }

    /// f, its gradient and P at W.
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
        let squaredNorm = dot(coefficients.elements, coefficients.elements)
        return Point(
            coefficients: coefficients, value: 0.5 * squaredNorm + strength * loss,
            gradient: shrinkage(coefficients, plus: errors), probabilities: probabilities)
    }

    /// ∇²f · V = V + C · (P ∘ (U − rowsum(P ∘ U)))ᵀ x with U = x · Vᵀ; V like W.
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
        return shrinkage(direction, plus: weighted)
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

/// Σ aᵢ bᵢ.
func dot(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "dot product of \(a.count) and \(b.count) elements")
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}
