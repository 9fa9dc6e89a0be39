import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct DistillationTests {
    @Test func agreesWithTheReference() throws {
        let golden = try GoldenCase("lwf-distillation")
        let teacher = try golden.input("teacher")
        let (value, gradient) = try valueAndGradient(golden.input("student")) {
            $0.distillation($1, teacher: teacher, temperature: 3, divisor: 6)
        }
        #expect(try golden.mismatch(value, "output.value") == nil)
        #expect(try golden.mismatch(gradient, "gradient.student") == nil)
    }

    @Test(arguments: [0.5, 1, 2, 3], [1, 4])
    func gradientFollowsDifferences(temperature: Double, rows: Int) throws {
        let teacher = randomTensor([rows, 5], seed: 20, deviation: 2)
        #expect(
            try gradientMismatch(["logits": randomTensor([rows, 5], seed: 21, deviation: 2)]) {
                $0.scaled(
                    $0.distillation($1[0], teacher: teacher, temperature: temperature, divisor: 4), by: 3)
            } == nil)
    }

    @Test(arguments: unevenShares(of: 6)) func sharesAddUp(counts: [Int]) throws {
        let (x, t) = (randomTensor([6, 5], seed: 22), randomTensor([6, 5], seed: 23))
        let term = { (rows: Range<Int>) in
            try valueAndGradient(x.rows(rows)) {
                $0.distillation($1, teacher: t.rows(rows), temperature: 2, divisor: 6)
            }
        }
        let whole = try term(0..<6)
        let shares = try slices(counts).map(term)
        let sum = shares.reduce(0.0) { $0 + Double($1.value.scalar) }
        #expect(mismatch(whole.value, [sum], relative: 1e-6) == nil)
        #expect(shares.flatMap { $0.gradient.elements } == whole.gradient.elements)
    }

    /// Logits that differ by little: the divergence is second order, ½ Σ p · d², and must not drown.
    @Test func smallDivergencesAreExact() throws {
        let teacher = Tensor([1, 2], [10, 10])
        let value = Tape().distillation(
            Variable(Tensor([1, 2], [10 + 0x1p-10, 10])), teacher: teacher, temperature: 1, divisor: 1
        ).value
        #expect(mismatch(value, [0x1p-23], relative: 1e-5) == nil)
        let same = try valueAndGradient(teacher) {
            $0.distillation($1, teacher: teacher, temperature: 1, divisor: 1)
        }
        #expect(same.value.scalar == 0 && same.gradient.elements == [0, 0])
    }

    @Test func extremeLogitsStayFinite() throws {
        let (value, gradient) = try valueAndGradient(Tensor([1, 3], [0, 1e4, -1e4])) {
            $0.distillation($1, teacher: Tensor([1, 3], [1e4, 0, -1e4]), temperature: 2, divisor: 1)
        }
        #expect(mismatch(value, [5_000], relative: 1e-6) == nil)
        #expect(gradient.elements == [-0.5, 0.5, 0])
        let student = Variable(Tensor([1, 2], [.nan, 0]))
        #expect(
            Tape().distillation(student, teacher: Tensor([1, 2], [0, 0]), temperature: 1, divisor: 1)
                .value.scalar.isNaN)
    }
}
