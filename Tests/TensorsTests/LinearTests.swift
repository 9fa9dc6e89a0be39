import Tensors
import TestSupport
import Testing

@Suite struct LinearTests {
    @Test(arguments: [(1, 1, 1), (4, 64, 20), (3, 7, 5), (33, 130, 17)], [false, true])
    func agreesWithTheDefinition(_ extents: (rows: Int, inputs: Int, outputs: Int), hasBias: Bool) throws {
        let (n, f, k) = extents
        let x = randomTensor([n, f], seed: 90)
        let w = randomTensor([k, f], seed: 91)
        let b = randomTensor([k], seed: 92)
        let dy = randomTensor([n, k], seed: 93)
        let tape = Tape()
        let variables = [x, w, b].map { Variable($0, requiresGradient: true) }
        let y = tape.linear(variables[0], weight: variables[1], bias: hasBias ? variables[2] : nil)
        try tape.backward(from: tape.dot(y, dy))

        let (xs, ws, bs, slopes) = (
            x.elements.map(Double.init), w.elements.map(Double.init), b.elements.map(Double.init),
            dy.elements.map(Double.init)
        )
        let sum = { (count: Int, term: (Int) -> Double) in (0..<count).reduce(0.0) { $0 + term($1) } }
        let expected = (0..<n * k).map { index in
            sum(f) { xs[index / k * f + $0] * ws[index % k * f + $0] } + (hasBias ? bs[index % k] : 0)
        }
        let dx = (0..<n * f).map { index in
            sum(k) { slopes[index / f * k + $0] * ws[$0 * f + index % f] }
        }
        let dw = (0..<k * f).map { index in
            sum(n) { slopes[$0 * k + index / f] * xs[$0 * f + index % f] }
        }
        let db = (0..<k).map { column in sum(n) { slopes[$0 * k + column] } }
        #expect(mismatch(y.value, expected, absolute: 1e-5, relative: 1e-5) == nil)
        for (variable, gradient) in zip(variables, [dx, dw, db]).prefix(hasBias ? 3 : 2) {
            #expect(
                mismatch(try #require(variable.gradient), gradient, absolute: 1e-5, relative: 1e-5) == nil)
        }
        if !hasBias { #expect(variables[2].gradient == nil) }
    }

    @Test func gradientsAgreeWithDifferences() throws {
        let x = randomTensor([3, 7], seed: 94)
        let w = randomTensor([5, 7], seed: 95)
        let b = randomTensor([5], seed: 96)
        #expect(
            try gradientMismatch(["x": x, "weight": w, "bias": b], step: 0.5) {
                $0.linear($1[0], weight: $1[1], bias: $1[2])
            } == nil)
        #expect(
            try gradientMismatch(["x": x, "weight": w], step: 0.5) { $0.linear($1[0], weight: $1[1]) }
                == nil)
    }

    @Test func rowsOfTheGlobalBatchMayBeFewer() throws {
        let x = randomTensor([5, 7], seed: 97)
        let weight = Variable(randomTensor([3, 7], seed: 98))
        let all = Tape(recording: false).linear(Variable(x), weight: weight).value
        let some = Tape(recording: false).linear(Variable(x.rows(2..<4)), weight: weight).value
        #expect(mismatch(some, all.rows(2..<4), absolute: 1e-6, relative: 1e-6) == nil)
    }
}
