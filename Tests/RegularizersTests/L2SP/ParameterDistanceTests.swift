import ModelFiles
import Regularizers
import Tensors
import TestSupport
import Testing

/// L2 and L2-SP as scalars on the tape.
@Suite struct ParameterDistanceTests {
    private func variables(_ file: SafetensorsFile, _ part: String) throws -> [Variable] {
        try GoldenPenaltyTests.names.map {
            Variable(try file.tensor("input.\(part).\($0)"), requiresGradient: true)
        }
    }

    private func check(
        _ file: SafetensorsFile, _ parameters: [Variable], _ term: (Tape) -> Variable
    ) throws {
        let tape = Tape()
        let value = term(tape)
        try tape.backward(from: tape.scaled(value, by: 3))
        let expected = Double(try file.tensor("output.value").scalar)
        #expect(mismatch(value.value, [expected], relative: 1e-5) == nil)
        for (name, parameter) in zip(GoldenPenaltyTests.names, parameters) {
            let slope = try file.tensor("gradient.parameters.\(name)").elements.map { 3 * Double($0) }
            let gradient = try #require(parameter.gradient)
            #expect(mismatch(gradient, slope, absolute: 1e-7, relative: 1e-5) == nil, "\(name)")
        }
    }

    @Test func l2AgreesWithTheReference() throws {
        let file = try SafetensorsFile(contentsOf: goldenPath("l2.safetensors"))
        let parameters = try variables(file, "parameters")
        try check(file, parameters) { $0.l2(parameters) }
    }

    @Test func l2SPAgreesWithTheReference() throws {
        let file = try SafetensorsFile(contentsOf: goldenPath("l2-sp.safetensors"))
        let parameters = try variables(file, "parameters")
        let source = try variables(file, "source").map(\.value)
        try check(file, parameters) { $0.l2SP(parameters, from: source) }
    }

    @Test func gradientsFollowDifferences() throws {
        let (w, v) = (randomTensor([2, 3], seed: 170), randomTensor([4], seed: 171))
        let anchors = [randomTensor([2, 3], seed: 172), randomTensor([4], seed: 173)]
        #expect(try gradientMismatch(["w": w, "v": v]) { $0.l2($1) } == nil)
        #expect(try gradientMismatch(["w": w, "v": v]) { $0.l2SP($1, from: anchors) } == nil)
    }

    /// The shares of the ranks are those of one process: not R times as much.
    @Test(arguments: [1, 2, 3]) func sharesAddUp(size: Int) throws {
        let (w, anchor) = (randomTensor([3, 3], seed: 174), randomTensor([3, 3], seed: 175))
        let whole = try valueAndGradient(w) { $0.l2SP([$1], from: [anchor]) }
        let shares = try ThreadedGroup.run(size: size) { group in
            try valueAndGradient(w) { $0.l2SP([$1], from: [anchor], over: group) }
        }
        #expect(shares.reduce(0) { $0 + $1.value.scalar } == whole.value.scalar)
        let sum = w.elements.indices.map { index in
            shares.reduce(0.0) { $0 + Double($1.gradient.elements[index]) }
        }
        #expect(mismatch(whole.gradient, sum, relative: 1e-7) == nil)
    }
}
