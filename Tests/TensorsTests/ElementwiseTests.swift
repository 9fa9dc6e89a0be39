import Tensors
import TestSupport
import Testing

@Suite struct ElementwiseTests {
    /// Large enough to be split over threads, with a remainder.
    static let shape: Shape = [3, 20, 19, 17]

    @Test(arguments: testLayouts, [Float.infinity, 6])
    func rectifies(_ layout: Layout, ceiling: Float) throws {
        let x = randomTensor(Self.shape, seed: 70, deviation: 5)
        let dy = randomTensor(Self.shape, seed: 71)
        let tape = Tape()
        let input = Variable(x.with(layout: layout), requiresGradient: true)
        let y = tape.rectified(input, ceiling: ceiling)
        try tape.backward(from: tape.dot(y, dy))
        #expect(y.value.layout == layout)
        #expect(y.value.elements == x.elements.map { min(max($0, 0), ceiling) })
        #expect(paddingMismatch(y.value) == nil)
        let gradient = try #require(input.gradient)
        let expected = zip(x.elements, dy.elements).map { $0 > 0 && $0 < ceiling ? $1 : 0 }
        #expect(gradient.elements == expected)
        #expect(paddingMismatch(gradient) == nil)
    }

    @Test(arguments: [Float.infinity, 1]) func rectifiedGradientAgreesWithDifferences(ceiling: Float) throws {
        let near = randomTensorAwayFromZero([4, 10], seed: 72)
        // Nor near a ceiling of 1.
        let x = Tensor(near.shape, near.elements.map { abs(abs($0) - 1) < 0.05 ? 0.5 : $0 })
        #expect(try gradientMismatch(["x": x]) { $0.rectified($1[0], ceiling: ceiling) } == nil)
    }

    @Test func rectifyingKeepsNotANumberVisible() {
        let x = Variable(Tensor([3], [.nan, -1, 1]))
        let y = Tape(recording: false).rectified(x, ceiling: 6).value.elements
        #expect(y[0].isNaN && y[1] == 0 && y[2] == 1)
    }

    @Test(arguments: testLayouts, testLayouts) func adds(_ left: Layout, right: Layout) throws {
        let (a, b) = (randomTensor(Self.shape, seed: 73), randomTensor(Self.shape, seed: 74))
        let dy = randomTensor(Self.shape, seed: 75)
        let tape = Tape()
        let (first, second) = (
            Variable(a.with(layout: left), requiresGradient: true),
            Variable(b.with(layout: right), requiresGradient: true)
        )
        let y = tape.add(first, second)
        try tape.backward(from: tape.dot(y, dy))
        #expect(y.value.elements == zip(a.elements, b.elements).map { $0 + $1 })
        #expect(paddingMismatch(y.value) == nil)
        #expect(first.gradient?.elements == dy.elements)
        #expect(second.gradient?.elements == dy.elements)
    }

    @Test func gradientsOfASumAgreeWithDifferences() throws {
        let a = randomTensor([2, 8, 3, 3], seed: 76).with(layout: .blocked(8))
        let b = randomTensor([2, 8, 3, 3], seed: 77)
        #expect(try gradientMismatch(["a": a, "b": b], step: 0.5) { $0.add($1[0], $1[1]) } == nil)
    }

    @Test(arguments: testLayouts) func scales(_ layout: Layout) throws {
        let x = randomTensor(Self.shape, seed: 78).with(layout: layout)
        let y = Tape(recording: false).scaled(Variable(x), by: -2.5).value
        #expect(y.elements == x.elements.map { -2.5 * $0 })
        #expect(paddingMismatch(y) == nil)
        let small = randomTensor([2, 3, 2, 2], seed: 79).with(layout: layout)
        #expect(try gradientMismatch(["x": small], step: 0.5) { $0.scaled($1[0], by: -2.5) } == nil)
    }

    @Test(arguments: testLayouts) func dotProductsAreSummedInFullPrecision(_ layout: Layout) throws {
        let x = randomTensor(Self.shape, seed: 80, mean: 100)
        let c = randomTensor(Self.shape, seed: 81)
        let value = Tape(recording: false).dot(Variable(x.with(layout: layout)), c).value.scalar
        let expected = zip(x.elements, c.elements).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(value == Float(expected) || abs(Double(value) - expected) < 1e-6 * abs(expected))
        let small = randomTensor([2, 3, 2, 2], seed: 82)
        let factors = randomTensor([2, 3, 2, 2], seed: 83)
        #expect(
            try gradientMismatch(["x": small.with(layout: layout)], step: 0.25) { $0.dot($1[0], factors) }
                == nil)
    }
}
