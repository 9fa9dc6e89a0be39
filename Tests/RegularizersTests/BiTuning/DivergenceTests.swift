internal import Foundation
import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct DivergenceTests {
    private let targets = Tensor([2, 3], [0.5, 0.25, 0.25, 1, 0, 0])

    @Test func agreesWithTheDefinition() {
        let logits = randomTensor([2, 3], seed: 210)
        var expected = 0.0
        for row in 0..<2 {
            let x = logits.rows(row..<row + 1).elements.map(Double.init)
            let shift = log(x.reduce(0) { $0 + exp($1) })
            for (t, score) in zip(targets.rows(row..<row + 1).elements.map(Double.init), x) where t > 0 {
                expected += t * (log(t) - (score - shift))
            }
        }
        let value = Tape().divergence(Variable(logits), targets: targets, divisor: 4).value
        #expect(mismatch(value, [expected / 4], relative: 1e-5) == nil)
    }

    @Test func gradientFollowsDifferences() throws {
        #expect(
            try gradientMismatch(["logits": randomTensor([2, 3], seed: 211)]) {
                $0.scaled($0.divergence($1[0], targets: targets, divisor: 4), by: 3)
            } == nil)
    }

    @Test func equalDistributionsHaveNone() {
        let logits = Tensor([1, 3], [0.5, 0.25, 0.25].map { Float(log($0)) })
        let value = Tape().divergence(Variable(logits), targets: targets.rows(0..<1), divisor: 1).value
        #expect(abs(value.scalar) < 1e-6)
    }
}
