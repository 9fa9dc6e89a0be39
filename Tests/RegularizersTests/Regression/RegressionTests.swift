internal import Foundation
import Regularizers
import Tensors
import Testing

/// The regression: its gradient, its curvature, and the optimum.
@Suite struct RegressionTests {
    /// A regression on rows that add to one, as the source head's predictions do.
    private func regression(
        strength: Double, separable: Bool = false, hasIntercept: Bool = false
    ) -> MultinomialRegression {
        let samples = madeUpSamples(count: 24, classCount: 3, sourceClassCount: 5, seed: 4)
        var elements: [Double] = []
        for (row, label) in samples.labels.enumerated() {
            var weights = samples.logits.rows(row..<row + 1).elements.map { Double($0) + 0.1 }
            if separable { weights = weights.indices.map { $0 == label ? 1 : 0.01 * weights[$0] } }
            let sum = weights.reduce(0, +)
            elements += weights.map { $0 / sum }
        }
        return MultinomialRegression(
            samples: DoubleMatrix(rowCount: 24, columnCount: 5, elements: elements), labels: samples.labels,
            classCount: 3, strength: strength, hasIntercept: hasIntercept)
    }

    private let somewhere = DoubleMatrix(
        rowCount: 3, columnCount: 5, elements: (0..<15).map { 0.3 * Double($0 % 7) - 0.8 })

    @Test func valueAtZeroIsKnown() {
        let point = regression(strength: 2).evaluate(DoubleMatrix(zeros: 3, 5))
        // Every class has probability 1/3.
        #expect(abs(point.value - 2 * 24 * 1.098_612_288_668_109_8) <= 1e-12)
    }

    @Test(arguments: [1e-3, 1, 1e3]) func gradientIsThatOfTheValue(_ strength: Double) {
        let regression = regression(strength: strength)
        let gradient = regression.evaluate(somewhere).gradient
        for index in somewhere.elements.indices {
            var (above, below) = (somewhere, somewhere)
            above.elements[index] += 1e-5
            below.elements[index] -= 1e-5
            let slope = (regression.evaluate(above).value - regression.evaluate(below).value) / 2e-5
            #expect(abs(slope - gradient.elements[index]) <= 1e-7 * max(1, strength))
        }
    }

    @Test(arguments: [1e-3, 1, 1e3]) func curvatureIsThatOfTheGradient(_ strength: Double) {
        let regression = regression(strength: strength)
        let direction = DoubleMatrix(
            rowCount: 3, columnCount: 5, elements: (0..<15).map { Double($0 % 4) - 1.2 })
        let image = regression.curvature(along: direction, at: regression.evaluate(somewhere))
        var (above, below) = (somewhere, somewhere)
        for index in direction.elements.indices {
            above.elements[index] += 1e-5 * direction.elements[index]
            below.elements[index] -= 1e-5 * direction.elements[index]
        }
        let (upper, lower) = (regression.evaluate(above).gradient, regression.evaluate(below).gradient)
        for index in image.elements.indices {
            let slope = (upper.elements[index] - lower.elements[index]) / 2e-5
            #expect(abs(slope - image.elements[index]) <= 1e-7 * max(1, strength))
        }
    }

    @Test(arguments: Relationship.strengths, [false, true])
    func optimumIsReached(_ strength: Double, _ separable: Bool) throws {
        let regression = regression(strength: strength, separable: separable)
        let optimum = try regression.optimum()
        let gradient = regression.evaluate(optimum.coefficients).gradient
        let first = regression.evaluate(DoubleMatrix(zeros: 3, 5)).gradient
        #expect(norm(gradient) <= 1e-8 * norm(first))
        #expect(optimum.gradientNorm <= 1e-8)
        if separable, strength >= 1e3 {
            let logits = regression.samples.times(transposed: optimum.coefficients)
            for (row, label) in regression.labels.enumerated() {
                let scores = logits.elements[logits.range(ofRow: row)]
                #expect(scores[scores.startIndex + label] == scores.max())
            }
        }
    }

    // MARK: With an intercept

    private let elsewhere = DoubleMatrix(
        rowCount: 3, columnCount: 6, elements: (0..<18).map { 0.3 * Double($0 % 7) - 0.8 })

    @Test(arguments: [1e-3, 1, 1e3]) func derivativesWithAnInterceptAreThoseOfTheValue(_ strength: Double) {
        let regression = regression(strength: strength, hasIntercept: true)
        let point = regression.evaluate(elsewhere)
        for index in elsewhere.elements.indices {
            var (above, below) = (elsewhere, elsewhere)
            above.elements[index] += 1e-5
            below.elements[index] -= 1e-5
            let (upper, lower) = (regression.evaluate(above), regression.evaluate(below))
            let slope = (upper.value - lower.value) / 2e-5
            #expect(abs(slope - point.gradient.elements[index]) <= 1e-7 * max(1, strength))
            var direction = DoubleMatrix(zeros: 3, 6)
            direction.elements[index] = 1
            let image = regression.curvature(along: direction, at: point)
            for other in image.elements.indices {
                let slope = (upper.gradient.elements[other] - lower.gradient.elements[other]) / 2e-5
                #expect(abs(slope - image.elements[other]) <= 1e-6 * max(1, strength))
            }
        }
    }

    @Test(arguments: Relationship.strengths, [false, true])
    func theOptimumWithAnInterceptIsReached(_ strength: Double, _ separable: Bool) throws {
        let regression = regression(strength: strength, separable: separable, hasIntercept: true)
        let optimum = try regression.optimum()
        let gradient = regression.evaluate(optimum.coefficients).gradient
        #expect(norm(gradient) <= 1e-8 * norm(regression.evaluate(DoubleMatrix(zeros: 3, 6)).gradient))
        let intercepts = (0..<3).map { optimum.coefficients.elements[$0 * 6 + 5] }
        #expect(abs(intercepts.reduce(0, +)) <= 1e-9)
    }

    /// Of classes of 8, 6 and 2 samples that look alike: the logarithms of their shares, whatever C is.
    @Test(arguments: [1e-4, 1, 1e4]) func theInterceptIsFree(_ strength: Double) throws {
        let labels = [Int](repeating: 0, count: 8) + [Int](repeating: 1, count: 6) + [2, 2]
        let regression = MultinomialRegression(
            samples: DoubleMatrix(zeros: 16, 4), labels: labels, classCount: 3, strength: strength,
            hasIntercept: true)
        let found = try regression.optimum().coefficients
        let shares = [8.0, 6, 2].map { ($0 / 16).logarithm }
        let mean = shares.reduce(0, +) / 3
        for row in 0..<3 { #expect(abs(found.elements[row * 5 + 4] - shares[row] + mean) <= 1e-6) }
    }

    @Test func noSamplesGiveZeroCoefficients() throws {
        let empty = MultinomialRegression(
            samples: DoubleMatrix(zeros: 0, 5), labels: [], classCount: 3, strength: 1)
        #expect(try empty.optimum().coefficients == DoubleMatrix(zeros: 3, 5))
    }

    @Test(arguments: Relationship.strengths) func samplesAllAlikeHaveAnOptimum(_ strength: Double) throws {
        // Thirds and sevenths are rounded, so that the gradient at zero is not exactly zero.
        let alike = MultinomialRegression(
            samples: DoubleMatrix(
                rowCount: 21, columnCount: 7, elements: [Double](repeating: 1.0 / 7, count: 147)),
            labels: (0..<21).map { $0 % 3 }, classCount: 3, strength: strength)
        let optimum = try alike.optimum()
        #expect(optimum.coefficients.elements.allSatisfy { abs($0) <= 1e-8 })
    }

    @Test func anUnreachableToleranceIsAnError() {
        let error = #expect(throws: RegressionError.self) {
            try regression(strength: 1).optimum(tolerance: 0)
        }
        #expect(error?.strength == 1 && error?.exitCode == 65)
        #expect((error?.gradientNorm ?? 1) < 1e-8)
    }

    private func norm(_ matrix: DoubleMatrix) -> Double {
        matrix.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
}

extension Double {
    fileprivate var logarithm: Double { log(self) }
}
