import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct SpectralShrinkageTests {
    @Test(arguments: [("bss-tall", 1), ("bss-wide", 3), ("bss-batch48", 2)])
    func agreesWithTheReference(name: String, count: Int) throws {
        let golden = try GoldenCase(name)
        let (value, gradient) = try valueAndGradient(golden.input("features")) {
            try $0.spectralShrinkage($1, count: count)
        }
        #expect(try golden.mismatch(value, "output.value") == nil)
        #expect(try golden.mismatch(gradient, "gradient.features") == nil)
    }

    @Test(arguments: [[4, 7], [7, 4], [5, 5], [1, 6], [6, 1]], [1, 2])
    func gradientFollowsDifferences(extents: [Int], count: Int) throws {
        let x = randomTensor(Shape(extents), seed: 1)
        let count = min(count, extents.min() ?? 1)
        #expect(
            try gradientMismatch(["features": x]) {
                try $0.spectralShrinkage($1[0], count: count)
            } == nil)
    }

    /// All min(B, F) together are the squared norm, whose gradient is twice the features.
    @Test(arguments: [[3, 8], [8, 3]]) func allSingularValuesAreTheSquaredNorm(extents: [Int]) throws {
        let x = randomTensor(Shape(extents), seed: 2)
        let (value, gradient) = try valueAndGradient(x) { try $0.spectralShrinkage($1, count: 3) }
        let elements = x.elements.map(Double.init)
        #expect(mismatch(value, [elements.reduce(0) { $0 + $1 * $1 }], relative: 1e-6) == nil)
        #expect(mismatch(gradient, elements.map { 2 * $0 }, absolute: 1e-6, relative: 1e-6) == nil)
    }

    /// Two equal samples and a feature that never fires: some singular values are 0, and no number is NaN.
    @Test func rankDeficientFeaturesHaveValueAndGradientZero() throws {
        let row = randomTensor([1, 6], seed: 3).elements
        let x = Tensor([3, 6], row + row + row.map { -2 * $0 })
        let (value, gradient) = try valueAndGradient(x) { try $0.spectralShrinkage($1, count: 2) }
        #expect(value.scalar >= 0 && value.scalar < 1e-12)
        #expect(gradient.elements.allSatisfy { abs($0) < 1e-6 })
        let zeros = Tensor(repeating: 0, [2, 4])
        let ofZeros = try valueAndGradient(zeros) { try $0.spectralShrinkage($1, count: 1) }
        #expect(ofZeros.value.scalar == 0 && ofZeros.gradient.elements.allSatisfy { $0 == 0 })
    }

    /// σ = 10⁻³ beside σ = 10³: twelve orders of magnitude between the squares.
    @Test func smallValuesSurviveLargeOnes() throws {
        let x = Tensor([2, 3], [1e3, 0, 0, 0, 1e-3, 0])
        let (value, gradient) = try valueAndGradient(x) { try $0.spectralShrinkage($1, count: 1) }
        #expect(mismatch(value, [1e-6], relative: 1e-3) == nil)
        #expect(mismatch(gradient, [0, 0, 0, 0, 2e-3, 0], absolute: 1e-6, relative: 1e-3) == nil)
    }

    @Test(arguments: [Float.nan, -.nan, .infinity, -.infinity])
    func nonFiniteFeaturesAreNamed(element: Float) throws {
        var elements = randomTensor([3, 4], seed: 4).elements
        elements[6] = element
        let features = Variable(Tensor([3, 4], elements))
        let error = #expect(throws: NonFiniteError.self) {
            try Tape().spectralShrinkage(features, count: 1)
        }
        #expect(error?.position == [1, 2])
        let text = error?.description ?? ""
        let shown = element.isNaN ? "nan" : "\(Double(element))"
        #expect(text.contains("hold \(shown) at row 1, column 2: "), "\(text)")
    }

    @Test(arguments: [[3, 8], [8, 3]]) func moreValuesThanThereAreIsAnError(extents: [Int]) {
        let features = Variable(randomTensor(Shape(extents), seed: 5))
        let error = #expect(throws: SingularValueCountError.self) {
            try Tape().spectralShrinkage(features, count: 4)
        }
        let text = error?.description ?? ""
        #expect(text.contains("4 smallest") && text.contains("\(extents[0]) samples"))
        #expect(text.contains("\(extents[1]) features") && text.contains("1 to 3"))
        #expect(throws: SingularValueCountError.self) {
            try SingularValueCountError.check(count: 0, batchSize: 3, featureCount: 3)
        }
    }
}
