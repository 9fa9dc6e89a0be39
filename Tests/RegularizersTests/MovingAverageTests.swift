import Tensors
import TestSupport
import Testing

@Suite struct MovingAverageTests {
    @Test func movesByTheRest() {
        let x = Tensor([3], [1, -2, 0])
        x.move(towards: Tensor([3], [2, 2, 0]), momentum: 0.75)
        #expect(x.elements == [1.25, -1, 0])
        x.move(towards: Tensor([3], [9, 9, 9]), momentum: 1)
        #expect(x.elements == [1.25, -1, 0])
        x.move(towards: Tensor([3], [9, 8, 7]), momentum: 0)
        #expect(x.elements == [9, 8, 7])
    }

    /// Factors rounded to 32 bits would carry an equal value away over many steps.
    @Test func equalValuesStay() {
        let y = randomTensor([40_000], seed: 80)
        let x = Tensor(y.shape, y.elements)
        for _ in 0..<100 { x.move(towards: y, momentum: 0.999) }
        #expect(x.elements == y.elements)
    }
}
