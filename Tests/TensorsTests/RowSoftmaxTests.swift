internal import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct RowSoftmaxTests {
    @Test(arguments: [0.5, 1, 3]) func agreesWithTheDefinition(temperature: Double) {
        let logits = randomTensor([2, 4], seed: 160)
        let softmax = RowSoftmax(row: 1, of: logits, temperature: temperature)
        let weights = logits.rows(1..<2).elements.map { exp(Double($0) / temperature) }
        let sum = weights.reduce(0, +)
        #expect(mismatch(softmax.probabilities, weights.map { $0 / sum }, relative: 1e-12) == nil)
        #expect(
            mismatch(
                softmax.logProbabilities, weights.map { log($0 / sum) }, absolute: 1e-12, relative: 1e-12)
                == nil)
    }

    @Test func largeLogitsStayFiniteAndNaNPropagates() {
        let large = RowSoftmax(row: 0, of: Tensor([1, 3], [1e4, 0, -1e4]))
        #expect(large.probabilities == [1, 0, 0] && large.logProbabilities == [0, -1e4, -2e4])
        let damaged = RowSoftmax(row: 0, of: Tensor([1, 2], [.nan, 0])).probabilities
        #expect(damaged.allSatisfy { $0.isNaN })
    }
}
