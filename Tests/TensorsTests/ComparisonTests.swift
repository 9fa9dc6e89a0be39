import Tensors
import TestSupport
import Testing

/// The helpers that other tests rest on must see what is wrong.
@Suite struct ComparisonTests {
    @Test func equalTensorsAgree() {
        let x = randomTensor([2, 3], seed: 1)
        #expect(mismatch(x, x, relative: 0) == nil)
        #expect(mismatch([.infinity], [.infinity], relative: 0) == nil)
    }

    @Test func aSingleWrongElementIsFound() {
        let x = randomTensor([2, 3], seed: 1)
        var elements = x.elements
        elements[4] += 1e-3
        let text = mismatch(Tensor([2, 3], elements), x, absolute: 1e-4, relative: 0)
        #expect(text?.hasPrefix("1 of 6 elements differ; worst at [1, 1]") == true)
    }

    @Test func notANumberNeverAgrees() {
        #expect(mismatch([.nan], [.nan], absolute: 1, relative: 1) != nil)
        #expect(mismatch([.nan], [1], absolute: 1, relative: 1) != nil)
        #expect(mismatch([1], [.nan], absolute: 1, relative: 1) != nil)
        #expect(mismatch([1], [.infinity], absolute: 1, relative: 1) != nil)
        #expect(mismatch([.infinity], [1], absolute: 1, relative: 1) != nil)
    }

    @Test func shapesMustAgree() {
        let x = randomTensor([2, 3], seed: 1)
        #expect(mismatch(x, x.reshaped([3, 2]), relative: 0) == "shape [2, 3], expected [3, 2]")
        #expect(mismatch([1, 2], [1], relative: 0) != nil)
    }

    @Test func relativeToleranceFollowsTheExpectedValue() {
        #expect(mismatch([1000.5], [1000], relative: 1e-3) == nil)
        #expect(mismatch([1.5], [1], relative: 1e-3) != nil)
    }

    @Test func wrongGradientsAreFound() throws {
        let x = randomTensor([3], seed: 2)
        // The tape sees a factor of 2, the differences see x · |x|.
        let text = try gradientMismatch(["x": x]) { tape, inputs in
            tape.scaled(inputs[0], by: inputs[0].value.elements[0])
        }
        #expect(text?.hasPrefix("gradient of x against differences") == true)
    }

    @Test func rightGradientsAreAccepted() throws {
        let x = randomTensor([3], seed: 2)
        let y = randomTensor([3], seed: 3)
        #expect(
            try gradientMismatch(["x": x, "y": y]) { tape, inputs in
                tape.add(tape.scaled(inputs[0], by: 3), inputs[1])
            } == nil)
    }
}
