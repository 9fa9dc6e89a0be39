internal import Foundation
import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct ContrastiveTermsTests {
    private static let classCount = 3
    private static let length = 4
    /// No sample of class 1, so that a class is missing from the batch.
    private static let labels = [0, 2, 2, 0, 0]

    private let queries = randomTensor([5, 6], seed: 60).normalizedRows()
    private let keys = randomTensor([5, 6], seed: 61).normalizedRows()
    private let queue = randomTensor([12, 6], seed: 62).normalizedRows()
    private let classifier = randomTensor([3, 6], seed: 63).normalizedRows()

    private func projection(
        _ tape: Tape, _ query: Variable, rows: Range<Int>, temperature: Double = 0.2
    ) -> Variable {
        tape.contrastiveProjection(
            query, keys: keys.rows(rows), queue: queue, labels: Array(Self.labels[rows]),
            classCount: Self.classCount, temperature: temperature, divisor: 5)
    }

    private func classification(
        _ tape: Tape, _ query: Variable, rows: Range<Int>, temperature: Double = 0.2
    ) -> Variable {
        tape.contrastiveClassification(
            query, classifier: classifier, queue: queue, labels: Array(Self.labels[rows]),
            temperature: temperature, divisor: 5)
    }

    private func elements(_ tensor: Tensor) -> [[Double]] {
        (0..<tensor.shape[0]).map { tensor.rows($0..<$0 + 1).elements.map(Double.init) }
    }

    private func dot(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The definition, sample by sample: `Σ t · (log t − log p)` over own key and queue.
    private func naive(own: [[Double]], against: [[Double]], with keys: [[Double]]) -> Double {
        Self.labels.indices.reduce(0.0) { sum, sample in
            let logits =
                ([dot(own[sample], keys[sample])] + elements(queue).map { dot(against[sample], $0) }).map {
                    $0 / 0.2
                }
            let shift = log(logits.reduce(0) { $0 + exp($1) })
            let target = 1 / Double(Self.length + 1)
            return logits.enumerated().reduce(sum) { sum, item in
                let isPositive =
                    item.offset == 0 || (item.offset - 1) / Self.length == Self.labels[sample]
                return isPositive ? sum + target * (log(target) - (item.element - shift)) : sum
            }
        } / 5
    }

    @Test func projectionAgreesWithTheDefinition() {
        let value = projection(Tape(), Variable(queries), rows: 0..<5).value
        let expected = naive(own: elements(queries), against: elements(queries), with: elements(keys))
        #expect(mismatch(value, [expected], relative: 1e-6) == nil)
    }

    @Test func classificationAgreesWithTheDefinition() {
        let value = classification(Tape(), Variable(queries), rows: 0..<5).value
        let weights = Self.labels.map { elements(classifier)[$0] }
        let expected = naive(own: elements(queries), against: weights, with: weights)
        #expect(mismatch(value, [expected], relative: 1e-6) == nil)
    }

    @Test(arguments: [0..<5, 1..<2]) func gradientsFollowDifferences(rows: Range<Int>) throws {
        let queries = queries.rows(rows)
        #expect(
            try gradientMismatch(["query": queries]) {
                $0.scaled(projection($0, $1[0], rows: rows), by: 2)
            } == nil)
        #expect(
            try gradientMismatch(["query": queries]) {
                $0.scaled(classification($0, $1[0], rows: rows), by: 2)
            } == nil)
    }

    @Test(arguments: unevenShares(of: 5)) func sharesAddUp(counts: [Int]) throws {
        for term in [projection, classification] as [(Tape, Variable, Range<Int>, Double) -> Variable] {
            let share = { (rows: Range<Int>) in
                try valueAndGradient(queries.rows(rows)) { term($0, $1, rows, 0.2) }
            }
            let whole = try share(0..<5)
            let shares = try slices(counts).map(share)
            let sum = shares.reduce(0.0) { $0 + Double($1.value.scalar) }
            let gradient = shares.flatMap { $0.gradient.elements.map(Double.init) }
            #expect(mismatch(whole.value, [sum], relative: 1e-6) == nil)
            #expect(mismatch(whole.gradient, gradient, absolute: 1e-7, relative: 1e-5) == nil)
        }
    }

    /// The next batch is enqueued before the backward pass: the gradient is of the queue as it was.
    @Test func theQueueMayChangeBeforeTheBackwardPass() throws {
        for term in [projection, classification] as [(Tape, Variable, Range<Int>, Double) -> Variable] {
            let expected = try valueAndGradient(queries) { term($0, $1, 0..<5, 0.2) }.gradient
            let saved = Tensor(queue.shape, queue.elements)
            let actual = try valueAndGradient(queries) { tape, query in
                let loss = term(tape, query, 0..<5, 0.2)
                queue.fill(with: 1)
                return loss
            }.gradient
            queue.copy(from: saved)
            #expect(actual.elements == expected.elements)
        }
    }

    /// At a temperature of 10⁻³ exponentials of the logits themselves would overflow.
    @Test func lowTemperaturesStayFinite() throws {
        for term in [projection, classification] as [(Tape, Variable, Range<Int>, Double) -> Variable] {
            let (value, gradient) = try valueAndGradient(queries) { term($0, $1, 0..<5, 1e-3) }
            #expect(value.scalar.isFinite && value.scalar > 100)
            #expect(gradient.elements.allSatisfy { $0.isFinite })
        }
    }
}
