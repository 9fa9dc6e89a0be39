import Tensors
import TestSupport
import Testing

@Suite struct InterpolationTests {
    @Test func movesByThePart() {
        let x = Tensor([3], [1, -2, 0])
        x.interpolate(towards: Tensor([3], [2, 2, 0]), by: 0.25)
        #expect(x.elements == [1.25, -1, 0])
        x.interpolate(towards: Tensor([3], [9, 9, 9]), by: 0)
        #expect(x.elements == [1.25, -1, 0])
        x.interpolate(towards: Tensor([3], [9, 8, 7]), by: 1)
        #expect(x.elements == [9, 8, 7])
    }

    /// Factors rounded to 32 bits would carry an equal value away over many steps.
    @Test func equalValuesStay() {
        let y = randomTensor([40_000], seed: 80)
        let x = Tensor(y.shape, y.elements)
        for _ in 0..<100 { x.interpolate(towards: y, by: 1 - 0.999) }
        #expect(x.elements == y.elements)
    }
}
