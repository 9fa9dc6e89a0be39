package import Tensors

extension MultinomialRegression {
    /// Where a descent ended.
    package struct Optimum: Sendable {
        /// W, `[K, S]`; with an intercept `[K, S + 1]`, the last column b.
        package let coefficients: DoubleMatrix
        /// ‖∇f(W)‖ as a part of ‖∇f(0)‖, or of C · ‖x‖ / 10⁶ where that is larger.
        package let gradientNorm: Double
    }

    /// Descends to the optimum: Newton's method, its steps found by conjugate gradients.
    ///
    /// It goes through optima of smaller C, each ten times the one before, found roughly: from zero directly, a
    /// large C takes twice the products. It begins at zero whatever was fitted before, so the
    /// result does not depend on which rank fits what.
    ///
    /// - Parameters:
    ///   - tolerance: ‖∇f‖ to reach, as a part of ‖∇f(0)‖.
    ///   - noteProgress: Called for each product with the matrix of samples.
    /// - Throws: `RegressionError`.
    package func optimum(
        tolerance: Double = 1e-8, noteProgress: () -> Void = {}
    ) throws(RegressionError) -> Optimum {
        var strengths = [strength]
        while strengths[strengths.count - 1] > 1 { strengths.append(strengths[strengths.count - 1] / 10) }
        var coefficients = DoubleMatrix(zeros: classCount, samples.columnCount)
        for strength in strengths.dropFirst().reversed() {
            coefficients = try with(strength: strength).descend(
                from: coefficients, tolerance: 1e-2, noteProgress
            ).coefficients
        }
        return try descend(from: coefficients, tolerance: tolerance, noteProgress)
    }

    private func descend(
        from start: DoubleMatrix, tolerance: Double, _ noteProgress: () -> Void
    ) throws(RegressionError) -> Optimum {
        let initial = evaluate(DoubleMatrix(zeros: classCount, samples.columnCount))
        // Where samples are all alike, the first gradient is nothing but rounding: no measure of a goal.
        let initialNorm = max(norm(initial.gradient), 1e-6 * strength * norm(samples))
        guard initialNorm > 0 else {
            return Optimum(coefficients: initial.coefficients, gradientNorm: 0)
        }
        var point = evaluate(start)
        for _ in 0..<200 {
            let part = norm(point.gradient) / initialNorm
            if part <= tolerance { return Optimum(coefficients: point.coefficients, gradientNorm: part) }
            // A rough step is enough far away; near the optimum exact ones make convergence superlinear.
            let step = newtonStep(at: point, accuracy: min(0.1, part.squareRoot()), noteProgress)
            guard let next = search(from: point, along: step) else { break }
            point = next
        }
        throw RegressionError(strength: strength, gradientNorm: norm(point.gradient) / initialNorm)
    }

    /// V with ∇²f · V ≈ −∇f, up to a residual of `accuracy` times the gradient.
    private func newtonStep(
        at point: Point, accuracy: Double, _ noteProgress: () -> Void
    ) -> DoubleMatrix {
        var step = DoubleMatrix(zeros: classCount, samples.columnCount)
        var residual = point.gradient
        for index in residual.elements.indices { residual.elements[index].negate() }
        var direction = residual
        var squaredNorm = dot(residual.elements, residual.elements)
        let goal = squaredNorm * accuracy * accuracy
        for _ in 0..<2000 {
            noteProgress()
            let image = curvature(along: direction, at: point)
            let length = squaredNorm / dot(direction.elements, image.elements)
            for index in step.elements.indices {
                step.elements[index] += length * direction.elements[index]
                residual.elements[index] -= length * image.elements[index]
            }
            let newSquaredNorm = dot(residual.elements, residual.elements)
            if newSquaredNorm <= goal { break }
            let ratio = newSquaredNorm / squaredNorm
            for index in direction.elements.indices {
                direction.elements[index] = residual.elements[index] + ratio * direction.elements[index]
            }
            squaredNorm = newSquaredNorm
        }
        return step
    }

    /// The first of W + V, W + V/2, W + V/4 … that descends enough; nil where none does.
    private func search(from point: Point, along step: DoubleMatrix) -> Point? {
        let slope = dot(point.gradient.elements, step.elements)
        let currentNorm = norm(point.gradient)
        var length = 1.0
        while length > 1e-12 {
            var coefficients = point.coefficients
            for index in coefficients.elements.indices {
                coefficients.elements[index] += length * step.elements[index]
            }
            let next = evaluate(coefficients)
            if next.value <= point.value + 1e-4 * length * slope { return next }
            // Close to the optimum f no longer tells two points apart, but its gradient does.
            if next.value - point.value <= 1e-12 * abs(point.value), norm(next.gradient) < currentNorm {
                return next
            }
            length /= 2
        }
        return nil
    }

    private func norm(_ matrix: DoubleMatrix) -> Double {
        dot(matrix.elements, matrix.elements).squareRoot()
    }
}
