import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct SoftCrossEntropyTests {
    @Test func agreesWithTheReference() throws {
        let golden = try GoldenCase("co-tuning-loss")
        let targets = try golden.input("target")
        let (value, gradient) = try valueAndGradient(golden.input("logits")) {
            $0.softCrossEntropy($1, targets: targets, divisor: 6)
        }
        #expect(try golden.mismatch(value, "output.value") == nil)
        #expect(try golden.mismatch(gradient, "gradient.logits") == nil)
    }

    /// Targets that do not sum to 1 are taken as they are.
    @Test(arguments: [1, 4]) func gradientFollowsDifferences(rows: Int) throws {
        let targets = Tensor([rows, 5], randomTensor([rows, 5], seed: 30).elements.map { abs($0) })
        #expect(
            try gradientMismatch(["logits": randomTensor([rows, 5], seed: 31, deviation: 2)]) {
                $0.scaled($0.softCrossEntropy($1[0], targets: targets, divisor: 4), by: -2)
            } == nil)
    }

    /// With all of the target on one class it is the cross-entropy of that class.
    @Test func oneHotTargetsGiveTheCrossEntropy() throws {
        let x = randomTensor([4, 3], seed: 32)
        let labels = [2, 0, 0, 2]
        let targets = Tensor([4, 3], labels.flatMap { label in (0..<3).map { $0 == label ? 1 : 0 } })
        let soft = try valueAndGradient(x) { $0.softCrossEntropy($1, targets: targets, divisor: 9) }
        let hard = try valueAndGradient(x) { $0.crossEntropy($1, labels: labels, divisor: 9) }
        #expect(mismatch(soft.value, hard.value, relative: 1e-6) == nil)
        #expect(mismatch(soft.gradient, hard.gradient, absolute: 1e-7, relative: 1e-5) == nil)
    }

    @Test(arguments: unevenShares(of: 6)) func sharesAddUp(counts: [Int]) throws {
        let x = randomTensor([6, 5], seed: 33)
        let t = Tensor([6, 5], randomTensor([6, 5], seed: 34).elements.map { abs($0) })
        let term = { (rows: Range<Int>) in
            try valueAndGradient(x.rows(rows)) {
                $0.softCrossEntropy($1, targets: t.rows(rows), divisor: 6)
            }
        }
        let whole = try term(0..<6)
        let shares = try slices(counts).map(term)
        let sum = shares.reduce(0.0) { $0 + Double($1.value.scalar) }
        #expect(mismatch(whole.value, [sum], relative: 1e-6) == nil)
        #expect(shares.flatMap { $0.gradient.elements } == whole.gradient.elements)
    }

    @Test func extremeLogitsStayFinite() throws {
        let (value, gradient) = try valueAndGradient(Tensor([1, 3], [1e4, 0, -1e4])) {
            $0.softCrossEntropy($1, targets: Tensor([1, 3], [0.25, 0.75, 0]), divisor: 1)
        }
        #expect(mismatch(value, [7_500], relative: 1e-6) == nil)
        #expect(gradient.elements == [0.75, -0.75, 0])
    }
}
