import ModelFiles
import Tensors
import TestSupport
import Testing
import Training

/// AdamW against 20 steps of PyTorch's in double precision. Parameter 2 takes part from step 6 on, as behind a
/// warm-up of the head.
@Suite struct AdamWTests {
    private static let steps = 1...20
    private static let firstStep = [1, 1, 6]

    @Test(arguments: [false, true])
    func equalsTheReference(isPenalized: Bool) throws {
        let file = try SafetensorsFile(contentsOf: goldenPath("adamw.safetensors"))
        let optimizer = AdamW(weightDecay: 0.01)
        var checked = 0
        for (number, firstStep) in Self.firstStep.enumerated() {
            let parameter = try file.tensor("input.parameter.\(number)")
            let slots = optimizer.slotNames.map { _ in Tensor(repeating: 0, parameter.shape) }
            let penalty =
                isPenalized
                ? QuadraticPenalty(strength: 0.05, anchor: try file.tensor("input.anchor.\(number)")) : nil
            for step in Self.steps where step >= firstStep {
                _ = optimizer.update(
                    parameter, slots: slots,
                    with: ParameterUpdate(
                        gradient: try file.tensor("input.gradient.\(number).\(step)"), learningRate: 1e-3,
                        penalty: penalty, stepCount: step - firstStep + 1))
                let name = isPenalized ? "penalized" : "parameter"
                let expected = try file.tensor("output.\(name).\(number).\(step)")
                #expect(
                    mismatch(parameter, expected, absolute: 1e-6, relative: 1e-6) == nil,
                    "parameter \(number), step \(step)")
                checked += 1
            }
        }
        #expect(checked == 20 + 20 + 15)
    }

    @Test func clippingScalesTheGradientAndNotTheDecay() {
        let (whole, clipped) = (Tensor([2], [1, -2]), Tensor([2], [1, -2]))
        let optimizer = AdamW(weightDecay: 0.1)
        func slots() -> [Tensor] { optimizer.slotNames.map { _ in Tensor(repeating: 0, [2]) } }
        _ = optimizer.update(
            whole, slots: slots(),
            with: ParameterUpdate(gradient: Tensor([2], [0.5, 0.25]), learningRate: 0.01, stepCount: 1))
        _ = optimizer.update(
            clipped, slots: slots(),
            with: ParameterUpdate(
                gradient: Tensor([2], [5, 2.5]), learningRate: 0.01, gradientScale: 0.1, stepCount: 1))
        #expect(mismatch(clipped, whole, absolute: 1e-7, relative: 0) == nil)
    }
}
