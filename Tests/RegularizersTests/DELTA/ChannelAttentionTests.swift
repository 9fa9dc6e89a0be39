internal import Foundation
import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct ChannelAttentionTests {
    @Test func agreesWithTheReference() throws {
        let golden = try GoldenCase("delta-attention-weights")
        let rises = try golden.input("loss_increase").elements.map(Double.init)
        let weights = try ChannelAttention.weights(lossIncrease: rises)
        #expect(try golden.mismatch(Tensor([weights.count], weights), "output.attention") == nil)
    }

    /// Of two channels one deviation each: z = ∓1 with the population's, ∓1/√2 with the sample's.
    @Test func deviationIsThatOfThePopulation() throws {
        let weights = try ChannelAttention.weights(lossIncrease: [1, 3])
        let expected = 1 / (1 + exp(2.0 / 5))
        #expect(mismatch(weights.map(Double.init), [expected, 1 - expected], relative: 1e-6) == nil)
    }

    @Test func channelsOfEqualWorthGetEqualWeights() throws {
        #expect(
            try ChannelAttention.weights(lossIncrease: [0.3, 0.3, 0.3, 0.3]) == [0.25, 0.25, 0.25, 0.25])
        #expect(try ChannelAttention.weights(lossIncrease: [7]) == [1])
        #expect(try ChannelAttention.weights(lossIncrease: []).isEmpty)
    }

    @Test func aLossThatIsNoNumberIsNamed() {
        let error = #expect(throws: NonFiniteError.self) {
            try ChannelAttention.weights(lossIncrease: [0, 1, .nan])
        }
        #expect(error?.description.contains("nan at index 2") == true)
    }
}
