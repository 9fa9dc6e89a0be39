import Layers
import ProcessGroups
import Tensors
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct BatchNormalizationLayerTests {
    /// Two channels: 1, 3, 5, 7 with mean 4 and variance 5 (unbiased 20/3), and 2, 2, 2, 6 with mean 3 and
    /// variance 3 (unbiased 4).
    private let x = Tensor([2, 2, 1, 2], [1, 3, 2, 2, 5, 7, 2, 6])

    private func context(_ normalization: BatchNormalizationMode) -> ForwardContext {
        ForwardContext(tape: Tape(), normalization: normalization)
    }

    @Test func runningStatisticsMoveByATenth() throws {
        let layer = BatchNormalization(name: "bn1", channels: 2)
        #expect(layer.runningMean.elements == [0, 0] && layer.runningVariance.elements == [1, 1])
        _ = try layer(Variable(x), context(.local))
        #expect(mismatch(layer.runningMean, [0.4, 0.3], relative: 1e-6) == nil)
        #expect(mismatch(layer.runningVariance, [0.9 + 2.0 / 3, 1.3], relative: 1e-6) == nil)
        #expect(layer.batchCount == 1)
        _ = try layer(Variable(x), context(.local))
        #expect(mismatch(layer.runningMean, [0.76, 0.57], relative: 1e-6) == nil)
        #expect(
            mismatch(layer.runningVariance, [0.81 + 0.6 + 2.0 / 3, 0.9 * 1.3 + 0.4], relative: 1e-6) == nil)
        #expect(layer.batchCount == 2)
    }

    @Test func trainingNormalizesWithTheBiasedVarianceOfTheBatch() throws {
        let layer = BatchNormalization(name: "bn1", channels: 2)
        layer.weight.variable.assign(Tensor([2], [2, 1]))
        layer.bias.variable.assign(Tensor([2], [0, 10]))
        let y = try layer(Variable(x), context(.local))
        let (a, b) = (2 / 5.00001.squareRoot(), 1 / 3.00001.squareRoot())
        let expected = [-3 * a, -a, 10 - b, 10 - b, a, 3 * a, 10 - b, 10 + 3 * b]
        #expect(mismatch(y.value, expected, relative: 1e-6) == nil)
    }

    @Test func evaluationUsesTheRunningStatisticsAndLeavesThem() throws {
        let layer = BatchNormalization(name: "bn1", channels: 2)
        layer.runningMean.copy(from: Tensor([2], [1, 2]))
        layer.runningVariance.copy(from: Tensor([2], [4, 0.25]))
        let y = try layer(Variable(x), .inference)
        let (a, b) = (1 / 4.00001.squareRoot(), 1 / 0.25001.squareRoot())
        #expect(mismatch(y.value, [0, 2 * a, 0, 0, 4 * a, 6 * a, 0, 4 * b], relative: 1e-6) == nil)
        #expect(layer.runningMean.elements == [1, 2] && layer.runningVariance.elements == [4, 0.25])
        #expect(layer.batchCount == 0)
    }

    @Test func synchronizedRanksFollowTheStatisticsOfTheWholeBatch() throws {
        let results = try ThreadedGroup.run(size: 2) { group in
            let layer = BatchNormalization(name: "bn1", channels: 2)
            let context = ForwardContext(
                tape: Tape(), normalization: .synchronized, reducer: GroupStatistics(group))
            _ = try layer(Variable(x.rows(group.rank..<group.rank + 1)), context)
            return (layer.runningMean.elements, layer.runningVariance.elements)
        }
        let whole = BatchNormalization(name: "bn1", channels: 2)
        _ = try whole(Variable(x), context(.local))
        for (mean, variance) in results {
            #expect(mean == whole.runningMean.elements && variance == whole.runningVariance.elements)
        }
    }

    @Test func residualAndRectifierArePassedOn() throws {
        let layer = BatchNormalization(name: "bn1", channels: 2)
        let residual = Tensor([2, 2, 1, 2], [-9, -9, -9, -9, 1, 1, 1, 1])
        let y = try layer(
            Variable(x), residual: Variable(residual), activation: .relu, .inference
        ).value
        #expect(mismatch(y, [0, 0, 0, 0, 6, 8, 3, 7], relative: 1e-5) == nil)
    }

    @Test func tensorsHaveTheNamesOfPublishedWeights() {
        let layer = BatchNormalization(name: "layer1.0.bn2", channels: 3)
        #expect(layer.parameters.map(\.name) == ["layer1.0.bn2.weight", "layer1.0.bn2.bias"])
        #expect(layer.weight.variable.value.elements == [1, 1, 1])
        #expect(layer.bias.variable.value.elements == [0, 0, 0])
    }

    /// A batch of one element a channel has no unbiased variance; it counts as it is.
    @Test func aSingleElementKeepsTheRunningVarianceFinite() throws {
        let layer = BatchNormalization(name: "bn1", channels: 2)
        _ = try layer(Variable(Tensor([1, 2, 1, 1], [3, 5])), context(.local))
        #expect(mismatch(layer.runningVariance, [0.9, 0.9], relative: 1e-6) == nil)
    }
}
