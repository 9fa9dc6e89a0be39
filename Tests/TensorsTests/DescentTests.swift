import Tensors
import TestSupport
import Testing

/// The optimizer's pass over a parameter, against PyTorch's rule written out in 64 bits.
@Suite struct DescentTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let isNesterov: Bool
        let weightDecay: Double
        let scale: Double
        let strength: Double?
        let hasAnchor: Bool

        var testDescription: String {
            "\(isNesterov ? "Nesterov" : "plain"), decay \(weightDecay), scale \(scale), "
                + "strength \(strength.map { "\($0)" } ?? "none")\(hasAnchor ? " to an anchor" : "")"
        }

        static let all: [Case] = [true, false].flatMap { isNesterov in
            [(0.0, 1.0), (5e-4, 1.0), (0.1, 0.25)].flatMap { weightDecay, scale in
                [(nil, false), (0.3, false), (0.3, true)].map { strength, hasAnchor in
                    Case(
                        isNesterov: isNesterov, weightDecay: weightDecay, scale: scale, strength: strength,
                        hasAnchor: hasAnchor)
                }
            }
        }
    }

    @Test(arguments: Case.all, [[7], [8, 3, 3, 3], [40_001]])
    func threeStepsFollowTheRule(_ given: Case, extents: [Int]) {
        let shape = Shape(extents)
        let w = randomTensor(shape, seed: 130)
        let momentum = Tensor(repeating: 0, shape)
        let anchor = given.hasAnchor ? randomTensor(shape, seed: 131) : nil
        let penalty = given.strength.map { QuadraticPenalty(strength: $0, anchor: anchor) }
        let step = MomentumStep(
            rate: 0.05, momentum: 0.9, isNesterov: given.isNesterov, weightDecay: given.weightDecay,
            gradientScale: given.scale)

        var expected = w.elements.map(Double.init)
        var velocity: [Double]?
        let target = anchor?.elements.map(Double.init) ?? [Double](repeating: 0, count: w.count)
        for seed: UInt64 in 132...134 {
            let gradient = randomTensor(shape, seed: seed)
            let gradients = gradient.elements.map(Double.init)
            let value = zip(expected, target).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / 2 }
            let slopes = expected.indices.map { index in
                let pull = (given.strength ?? 0) * (expected[index] - target[index])
                return given.scale * (gradients[index] + pull) + given.weightDecay * expected[index]
            }
            // As PyTorch does: the first step's momentum is its gradient.
            let moved = velocity.map { zip($0, slopes).map { 0.9 * $0 + $1 } } ?? slopes
            velocity = moved
            for index in expected.indices {
                let change = given.isNesterov ? slopes[index] + 0.9 * moved[index] : moved[index]
                expected[index] -= 0.05 * change
            }
            let reported = w.descend(gradient: gradient, momentum: momentum, step: step, penalty: penalty)
            #expect(mismatch([reported], [penalty == nil ? 0 : value], relative: 1e-6) == nil)
            #expect(mismatch(w, expected, absolute: 1e-6, relative: 1e-6) == nil)
            #expect(mismatch(momentum, moved, absolute: 1e-6, relative: 1e-6) == nil)
        }
    }

    /// Numbers to check by hand: w 1, g 0.5, λ 0.1, μ 0.9, η 0.1.
    @Test func twoStepsByHand() {
        let w = Tensor([1], [1])
        let m = Tensor([1], [0])
        let step = MomentumStep(rate: 0.1, momentum: 0.9, isNesterov: true, weightDecay: 0.1)
        _ = w.descend(gradient: Tensor([1], [0.5]), momentum: m, step: step, penalty: nil)
        // g = 0.6, m = 0.6, w = 1 - 0.1 · (0.6 + 0.54)
        #expect(mismatch(w, [0.886], relative: 1e-6) == nil)
        _ = w.descend(gradient: Tensor([1], [0.5]), momentum: m, step: step, penalty: nil)
        // g = 0.5886, m = 0.54 + 0.5886 = 1.1286, w = 0.886 - 0.1 · (0.5886 + 1.01574)
        #expect(mismatch(w, [0.725566], relative: 1e-6) == nil)
        #expect(mismatch(m, [1.1286], relative: 1e-6) == nil)
    }

    @Test func aSliceMovesNothingBesides() {
        let buffer = Tensor(repeating: 1, [6])
        let momenta = Tensor(repeating: 0, [6])
        _ = buffer.slice(at: 2, [2]).descend(
            gradient: Tensor([2], [1, 1]), momentum: momenta.slice(at: 2, [2]),
            step: .init(rate: 0.5, momentum: 0, isNesterov: false, weightDecay: 0), penalty: nil)
        #expect(buffer.elements == [1, 1, 0.5, 0.5, 1, 1])
        #expect(momenta.elements == [0, 0, 1, 1, 0, 0])
    }

    @Test func squaredGradientNormsIncludeThePull() {
        let w = randomTensor([30_000], seed: 135)
        let g = randomTensor([30_000], seed: 136)
        let anchor = randomTensor([30_000], seed: 137)
        let (ws, gs, anchors) = (w.elements, g.elements, anchor.elements)
        let expected = ws.indices.reduce(0.0) { sum, index in
            let slope = Double(gs[index]) + 0.7 * (Double(ws[index]) - Double(anchors[index]))
            return sum + slope * slope
        }
        let norm = QuadraticPenalty(strength: 0.7, anchor: anchor).squaredGradientNorm(of: w, gradient: g)
        #expect(mismatch([norm], [expected], relative: 1e-6) == nil)
        let plain = QuadraticPenalty(strength: 0).squaredGradientNorm(of: w, gradient: g)
        #expect(mismatch([plain], [g.squaredNorm], relative: 1e-12) == nil)
    }
}
