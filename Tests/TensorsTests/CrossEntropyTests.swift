internal import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct CrossEntropyTests {
    private func logSoftmax(_ row: [Double]) -> [Double] {
        let largest = row.max() ?? 0
        let logSum = log(row.reduce(0) { $0 + exp($1 - largest) })
        return row.map { $0 - largest - logSum }
    }

    private func rows(_ x: Tensor) -> [[Double]] {
        (0..<x.shape[0]).map { x.rows($0..<$0 + 1).elements.map(Double.init) }
    }

    @Test(arguments: [1, 3, 12]) func agreesWithTheDefinition(divisor: Int) throws {
        let x = randomTensor([3, 5], seed: 100, deviation: 3)
        let labels = [4, 0, 2]
        let tape = Tape()
        let logits = Variable(x, requiresGradient: true)
        let loss = tape.crossEntropy(logits, labels: labels, divisor: divisor)
        try tape.backward(from: loss)
        let logs = rows(x).map(logSoftmax)
        let expected = zip(logs, labels).reduce(0.0) { $0 - $1.0[$1.1] } / Double(divisor)
        #expect(loss.shape == [])
        #expect(mismatch([Double(loss.value.scalar)], [expected], relative: 1e-6) == nil)
        let gradient = zip(logs, labels).flatMap { row, label in
            row.enumerated().map { (index, logarithm) -> Double in
                let expected: Double = index == label ? 1 : 0
                return (exp(logarithm) - expected) / Double(divisor)
            }
        }
        #expect(mismatch(try #require(logits.gradient), gradient, absolute: 1e-7, relative: 1e-6) == nil)
    }

    @Test func gradientAgreesWithDifferences() throws {
        let x = randomTensor([4, 6], seed: 101)
        #expect(
            try gradientMismatch(["logits": x]) {
                $0.crossEntropy($1[0], labels: [5, 0, 3, 3], divisor: 7)
            } == nil)
    }

    /// A scaled loss, as behind a trade-off, passes its factor on.
    @Test func gradientFollowsTheOneBehind() throws {
        let x = randomTensor([2, 3], seed: 102)
        #expect(
            try gradientMismatch(["logits": x]) {
                $0.scaled($0.crossEntropy($1[0], labels: [1, 2], divisor: 2), by: -3)
            } == nil)
    }

    /// The rows of two ranks, each divided by the global batch, add up to the mean.
    @Test func sharesAddUpToTheMean() {
        let x = randomTensor([5, 4], seed: 103)
        let labels = [0, 1, 2, 3, 1]
        let share = { (rows: Range<Int>) in
            Double(
                Tape(recording: false).crossEntropy(
                    Variable(x.rows(rows)), labels: Array(labels[rows]), divisor: 5
                ).value.scalar)
        }
        #expect(abs(share(0..<2) + share(2..<5) - share(0..<5)) < 1e-6)
    }

    @Test func largeLogitsNeitherOverflowNorVanish() throws {
        let x = Tensor([3, 3], [1e4, 0, -1e4, 1e38, 1e38, -1e38, -5e3, -5e3, -5e3 + 1])
        let logs = x.logSoftmax()
        #expect(mismatch(logs, rows(x).flatMap(logSoftmax), absolute: 1e-6, relative: 1e-6) == nil)
        let logits = Variable(x, requiresGradient: true)
        let tape = Tape()
        let loss = tape.crossEntropy(logits, labels: [2, 0, 1], divisor: 1)
        try tape.backward(from: loss)
        #expect(abs(loss.value.scalar - (2e4 + log(2) + 1 + log(1 + 2 * exp(-1)))) < 1e-2)
        #expect(try #require(logits.gradient).elements.allSatisfy { $0.isFinite })
    }

    @Test func rowsOfLogSoftmaxSumToOne() {
        let logs = randomTensor([7, 1000], seed: 104, deviation: 4).logSoftmax()
        for row in rows(logs) { #expect(abs(row.reduce(0) { $0 + exp($1) } - 1) < 1e-5) }
    }

    @Test func notANumberStaysVisible() {
        let x = Variable(Tensor([1, 3], [0, .nan, 1]))
        let loss = Tape(recording: false).crossEntropy(x, labels: [0], divisor: 1)
        #expect(loss.value.scalar.isNaN)
    }
}
