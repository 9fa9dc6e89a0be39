import Layers
import ModelFiles
import Regularizers
import Tensors
import TestSupport
import Testing

/// Values and gradients of the quadratic terms against the reference library.
@Suite struct GoldenPenaltyTests {
    static let names = ["conv1.weight", "bn1.weight", "bn1.bias", "fc.weight", "fc.bias"]

    private func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(contentsOf: goldenPath(name))
    }

    /// Parameters with the given part of a file as values.
    private func parameters(_ file: SafetensorsFile, _ part: String) throws -> [Parameter] {
        try Self.names.map { name in
            let tensor = try file.tensor("input.\(part).\(name)")
            let parameter = Parameter(name: name, shape: tensor.shape)
            parameter.variable.assign(tensor)
            return parameter
        }
    }

    /// The gradient of the term alone, through the optimizer's pass: with rate and momentum 0 and no other
    /// gradient, the momentum is the gradient afterwards.
    private func gradient(_ penalty: QuadraticPenalty, _ w: Tensor) -> (value: Double, slope: Tensor) {
        let momentum = Tensor(repeating: 0, w.shape)
        let value = w.descend(
            gradient: Tensor(repeating: 0, w.shape), momentum: momentum,
            step: .init(rate: 0, momentum: 0, isNesterov: false, weightDecay: 0), penalty: penalty)
        return (value, momentum)
    }

    @Test func theNormOfAllParametersAgrees() throws {
        let golden = try file("l2.safetensors")
        var sum = 0.0
        var passSum = 0.0
        for parameter in try parameters(golden, "parameters") {
            let w = parameter.variable.value
            let penalty = QuadraticPenalty(strength: 1)
            sum += penalty.value(of: w)
            let (value, slope) = gradient(penalty, w)
            passSum += value
            let expected = try golden.tensor("gradient.parameters.\(parameter.name)")
            #expect(mismatch(slope, expected, absolute: 1e-7, relative: 1e-5) == nil)
        }
        let expected = Double(try golden.tensor("output.value").scalar)
        #expect(mismatch([sum, passSum], [expected, expected], relative: 1e-5) == nil)
    }

    /// The golden file pulls every parameter to the source, so all of them are the backbone's here.
    @Test(arguments: [1.0, 0.01]) func theDistanceFromTheStartingPointAgrees(tradeOff: Double) throws {
        let golden = try file("l2-sp.safetensors")
        let method = L2SP(
            backbone: try parameters(golden, "source"), tradeOff: tradeOff, headTradeOff: 7, scope: .all)
        var sum = 0.0
        var passSum = 0.0
        for parameter in try parameters(golden, "parameters") {
            let penalty = try #require(method.parameterPenalty(on: parameter, of: .backbone))
            #expect(penalty.strength == tradeOff)
            let w = parameter.variable.value
            sum += penalty.value(of: w)
            let (value, slope) = gradient(penalty, w)
            passSum += value
            let expected = try golden.tensor("gradient.parameters.\(parameter.name)").elements
            #expect(
                mismatch(slope, expected.map { tradeOff * Double($0) }, absolute: 1e-7, relative: 1e-5)
                    == nil)
        }
        // What is reported is the term before its weight.
        let expected = Double(try golden.tensor("output.value").scalar)
        #expect(mismatch([sum, passSum], [expected, expected], relative: 1e-5) == nil)
    }

    @Test func theGradientsAgreeWithDifferencesOfTheValue() throws {
        let golden = try file("l2-sp.safetensors")
        let source = try parameters(golden, "source")
        let method = L2SP(backbone: source, tradeOff: 0.3, headTradeOff: 0.2, scope: .all)
        let terms = try parameters(golden, "parameters").flatMap { parameter in
            [(parameter, NetworkPart.backbone), (parameter, NetworkPart.head)]
        }
        for (parameter, part) in terms {
            let penalty = try #require(method.parameterPenalty(on: parameter, of: part))
            let w = parameter.variable.value
            let slope = gradient(penalty, w).slope.elements
            for index in [0, w.count / 2, w.count - 1] {
                let step: Float = 0.0625
                var (above, below) = (w.elements, w.elements)
                above[index] += step
                below[index] -= step
                let difference =
                    penalty.value(of: Tensor(w.shape, above)) - penalty.value(of: Tensor(w.shape, below))
                let quotient = penalty.strength * difference / Double(above[index] - below[index])
                #expect(mismatch([Double(slope[index])], [quotient], absolute: 1e-6, relative: 1e-4) == nil)
            }
        }
    }
}
