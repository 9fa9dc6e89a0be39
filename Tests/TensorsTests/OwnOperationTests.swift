import Tensors
import TestSupport
import Testing

/// The operation of the tape's documentation.
extension Tape {
    fileprivate func squared(_ input: Variable, postponing: Bool = false) -> Variable {
        let x = input.value.dense()
        return record(x.combined(with: x) { $0 * $1 }, from: [input]) { gradient in
            let pull = { input.accumulate(gradient.dense().combined(with: x) { 2 * $0 * $1 }) }
            if postponing { self.postpone(pull) } else { pull() }
        }
    }
}

@Suite struct OwnOperationTests {
    @Test(arguments: [false, true]) func pullbackIsUsed(postponing: Bool) throws {
        #expect(
            try gradientMismatch(["x": randomTensor([3, 4], seed: 120)]) {
                $0.squared($0.squared($1[0], postponing: postponing))
            } == nil)
    }

    /// What is completed last is what was postponed: its gradient is there by then.
    @Test func postponedGradientsCountAsCompleteOnceTheyAreThere() throws {
        let x = Variable(Tensor([2], [1, 3]), requiresGradient: true)
        let tape = Tape()
        var seen: [[Float]?] = []
        try tape.backward(from: tape.dot(tape.squared(x, postponing: true), Tensor([2], [1, 10]))) {
            if $0 === x { seen.append($0.gradient?.elements) }
        }
        #expect(seen == [[2, 60]])
    }

    /// Its pullback would never run, and every gradient in front of it would silently be missing.
    @Test func postponingTheGradientOfAResultTraps() async {
        await #expect(processExitsWith: .failure) {
            let x = Variable(Tensor([1], [2]), requiresGradient: true)
            let tape = Tape()
            try tape.backward(from: tape.squared(tape.scaled(x, by: 2), postponing: true))
        }
    }

    @Test func whatNeedsNoGradientIgnoresOne() throws {
        let (x, constant) = (Variable(Tensor([1], [2]), requiresGradient: true), Variable(Tensor([1], [5])))
        let tape = Tape()
        let product = tape.record(Tensor([1], [10]), from: [x, constant]) { gradient in
            x.accumulate(gradient.scaled(by: 5))
            constant.accumulate(gradient.scaled(by: 2))
        }
        try tape.backward(from: product)
        #expect(x.gradient?.elements == [5] && constant.gradient == nil)
    }

    @Test func aGradientOfAnotherShapeTraps() async {
        await #expect(processExitsWith: .failure) {
            Variable(Tensor([2, 3], [0, 0, 0, 0, 0, 0]), requiresGradient: true).accumulate(
                Tensor(repeating: 1, [3, 2]))
        }
    }

    @Test func errorsOfAPullbackEndTheBackwardPass() {
        struct Refusal: Error {}
        let x = Variable(Tensor([1], [2]), requiresGradient: true)
        let tape = Tape()
        let output = tape.record(Tensor([1], [2]), from: [x]) { _ in throw Refusal() }
        #expect(throws: Refusal.self) { try tape.backward(from: output) }
    }
}
