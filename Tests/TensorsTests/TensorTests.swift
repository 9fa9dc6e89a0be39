import Tensors
import TestSupport
import Testing

@Suite struct TensorTests {
    @Test(arguments: [1, 3, 8, 16, 20, 64], testLayouts)
    func elementsSurviveARoundTrip(_ channels: Int, layout: Layout) {
        let x = randomTensor([2, channels, 5, 3], seed: 1)
        let stored = x.with(layout: layout)
        #expect(stored.shape == x.shape && stored.layout == layout)
        #expect(stored.elements == x.elements)
        #expect(stored.dense().elements == x.elements)
        #expect(paddingMismatch(stored) == nil)
        for other in testLayouts {
            let through = stored.with(layout: other)
            #expect(through.elements == x.elements)
            #expect(paddingMismatch(through) == nil)
        }
    }

    @Test func blocksLieAsDocumented() {
        // Channel c of position p holds 10 c + p.
        let x = Tensor(
            [1, 9, 1, 2], (0..<18).map { (place: Int) -> Float in Float(place / 2 * 10 + place % 2) })
        let expected: [Float] =
            (0..<8).map { 10 * Float($0) } + (0..<8).map { 10 * Float($0) + 1 }
            + [80] + Array(repeating: 0, count: 7) + [81] + Array(repeating: 0, count: 7)
        #expect(x.with(layout: .blocked(8)).storedElements == expected)
        #expect(x.storedElements == x.elements)
    }

    @Test func slicesAndRowsAreViews() {
        let x = Tensor([4, 3], (0..<12).map(Float.init))
        #expect(x.slice(at: 5, [2, 2]).elements == [5, 6, 7, 8])
        #expect(x.rows(1..<3).elements == [3, 4, 5, 6, 7, 8])
        #expect(x.rows(1..<3).shape == [2, 3])
        #expect(x.rows(1..<3).rows(1..<2).elements == [6, 7, 8])
        #expect(x.rows(4..<4).count == 0)
        x.rows(2..<3).fill(with: -1)
        #expect(x.elements == [0, 1, 2, 3, 4, 5, -1, -1, -1, 9, 10, 11])
    }

    @Test func reshapingSharesTheElements() {
        let x = Tensor([2, 3], (0..<6).map(Float.init))
        let y = x.reshaped([3, 2])
        #expect(y.shape == [3, 2] && y.elements == x.elements)
        y.slice(at: 0, [1]).fill(with: 9)
        #expect(x.elements[0] == 9)
    }

    @Test(arguments: testLayouts, testLayouts) func copiesAcrossLayouts(_ from: Layout, to: Layout) {
        let x = randomTensor([2, 20, 3, 3], seed: 2)
        let target = randomTensor([2, 20, 3, 3], seed: 3).with(layout: to)
        target.copy(from: x.with(layout: from))
        #expect(target.elements == x.elements)
        #expect(paddingMismatch(target) == nil)
    }

    @Test func copiesIntoAPartOfABuffer() {
        let buffer = Tensor(repeating: 7, [10])
        buffer.slice(at: 2, [2, 3]).copy(from: Tensor([2, 3], [0, 1, 2, 3, 4, 5]))
        #expect(buffer.elements == [7, 7, 0, 1, 2, 3, 4, 5, 7, 7])
    }

    @Test func largeTensorsAreCopiedCompletely() {
        let x = randomTensor([100_003], seed: 4)
        let y = Tensor(repeating: 0, [100_003])
        y.copy(from: x)
        #expect(y.elements == x.elements)
        #expect(abs(x.squaredNorm - x.elements.reduce(0.0) { $0 + Double($1) * Double($1) }) < 1e-6)
    }

    @Test func scalarsAndEmptyTensors() {
        #expect(Tensor(scalar: 3).scalar == 3 && Tensor(scalar: 3).shape == [])
        #expect(Tensor([1, 1], [4]).scalar == 4)
        let empty = Tensor([0, 3], [])
        #expect(empty.elements.isEmpty && empty.squaredNorm == 0)
    }

    @Test func elementsAreReadAndWrittenInPlace() {
        let x = Tensor([3], [1, 2, 3])
        x.withMutableElements { $0[1] = 5 }
        #expect(x.withElements { $0.reduce(0, +) } == 9)
    }

    @Test func shapesDescribeThemselves() {
        #expect("\(Shape([8, 3, 224, 224]))" == "[8, 3, 224, 224]")
        let scalar: Shape = []
        #expect(scalar.count == 1 && scalar.rank == 0)
        #expect(Shape([2, 0, 3]).count == 0)
    }
}

/// Wrong operands end the program instead of reading what lies beside them.
@Suite struct TensorTrapTests {
    @Test func aWrongNumberOfElements() async {
        await #expect(processExitsWith: .failure) { _ = Tensor([2, 2], [1, 2, 3]) }
    }

    @Test func aSliceBeyondTheEnd() async {
        await #expect(processExitsWith: .failure) { _ = Tensor([4], [1, 2, 3, 4]).slice(at: 2, [3]) }
    }

    @Test func rowsBeyondTheEnd() async {
        await #expect(processExitsWith: .failure) { _ = Tensor([2, 1], [1, 2]).rows(1..<3) }
    }

    @Test func aCopyOfAnotherShape() async {
        await #expect(processExitsWith: .failure) {
            Tensor([2, 1], [1, 2]).copy(from: Tensor([1, 2], [1, 2]))
        }
    }

    @Test func aConvolutionOfOtherChannels() async {
        await #expect(processExitsWith: .failure) {
            _ = Tape().convolution(
                Variable(Tensor(repeating: 1, [1, 3, 4, 4])),
                weight: Variable(Tensor(repeating: 1, [2, 4, 3, 3])), settings: .init())
        }
    }

    @Test func aLabelOutsideOfTheClasses() async {
        await #expect(processExitsWith: .failure) {
            _ = Tape().crossEntropy(Variable(Tensor([1, 2], [0, 0])), labels: [2], divisor: 1)
        }
    }
}
