import Tensors
import TestSupport
import Testing
import Training

/// Clipping looks at all trained parameters together.
@Suite struct ClippingTests {
    /// Strength 1 towards zero on the backbone: the gradient by it is the parameter.
    private func penalty(_ entry: ParameterStore.Entry) -> QuadraticPenalty? {
        entry.group.part == .backbone ? QuadraticPenalty(strength: 1) : nil
    }

    private func store() throws -> ParameterStore {
        let store = smallStore(slotNames: ["momentum"])
        // With the penalty [4, 2], so that the whole gradient has norm √(16 + 4 + 16) = 6.
        try store.setGradients(["w": [3, 0], "v": [4]])
        return store
    }

    @Test(arguments: [(3.0, 0.5), (1.5, 0.25), (6.1, 1), (100, 1)])
    func theNormIsThatOfAllParametersWithTheirPenalties(maxNorm: Double, expected: Double) throws {
        let scale = try store().gradientScale(.all, maxNorm: maxNorm, penalty: penalty)
        #expect(abs(scale - expected) < 1e-6)
    }

    @Test func inAWarmUpTheNormIsThatOfTheHead() throws {
        let scale = try store().gradientScale(.head, maxNorm: 3, penalty: penalty)
        #expect(abs(scale - 0.75) < 1e-6)
    }

    @Test func aZeroGradientIsLeftAlone() throws {
        #expect(smallStore().gradientScale(.all, maxNorm: 1) { _ in nil } == 1)
    }

    /// w ← w − η · m · (½ · (g + w) + λw), with m the multiplier and λ = 0.1: the decay is not clipped.
    @Test func clippingScalesGradientAndPenaltyButNotTheDecay() throws {
        let store = try store()
        let values = store.update(
            .all, by: SGD(momentum: 0, isNesterov: false, weightDecay: 0.1), learningRate: 1,
            maxGradientNorm: 3, penalty: penalty)
        #expect(mismatch(try store.value("w").map(Double.init), [0.79, 1.88], relative: 1e-6) == nil)
        #expect(mismatch(try store.value("v").map(Double.init), [2.5], relative: 1e-6) == nil)
        // ½(1 + 4), before the step.
        #expect(values.backbone == 2.5 && values.objective == 2.5)
    }

    @Test func withoutABoundNothingIsScaled() throws {
        let store = try store()
        _ = store.update(
            .all, by: SGD(momentum: 0, isNesterov: false, weightDecay: 0), learningRate: 1,
            maxGradientNorm: nil, penalty: penalty)
        #expect(mismatch(try store.value("w").map(Double.init), [0.6, 1.8], relative: 1e-6) == nil)
        #expect(try store.value("v") == [1])
    }
}
