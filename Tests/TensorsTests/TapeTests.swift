import Tensors
import TestSupport
import Testing

@Suite struct TapeTests {
    /// Two linear layers and a loss.
    private struct Chain {
        let x = Variable(randomTensor([3, 4], seed: 110))
        let first = Variable(randomTensor([5, 4], seed: 111), requiresGradient: true)
        let second = Variable(randomTensor([2, 5], seed: 112), requiresGradient: true)
        let bias = Variable(randomTensor([2], seed: 113), requiresGradient: true)

        func hidden(_ tape: Tape) -> Variable { tape.linear(x, weight: first) }

        func loss(_ tape: Tape) -> Variable {
            let y = tape.linear(tape.rectified(hidden(tape)), weight: second, bias: bias)
            return tape.crossEntropy(y, labels: [0, 1, 1], divisor: 3)
        }
    }

    @Test func leavesAreCompletedFromTheLastOperationToTheFirst() throws {
        let chain = Chain()
        let tape = Tape()
        let loss = chain.loss(tape)
        var leaves: [String] = []
        let names = [
            ObjectIdentifier(chain.first): "first", ObjectIdentifier(chain.second): "second",
            ObjectIdentifier(chain.bias): "bias",
        ]
        try tape.backward(from: loss) { variable in
            if let name = names[ObjectIdentifier(variable)] {
                #expect(variable.gradient != nil)
                leaves.append(name)
            }
        }
        #expect(leaves == ["second", "bias", "first"])
        #expect(chain.x.gradient == nil)
        #expect(tape.recordCount == 0)
    }

    @Test func aLeafUsedTwiceIsCompletedOnceAndWithBothParts() throws {
        let x = Variable(Tensor([2], [1, 2]), requiresGradient: true)
        let tape = Tape()
        let early = tape.scaled(x, by: 3)
        let late = tape.add(tape.scaled(early, by: 2), x)
        let objective = tape.dot(late, Tensor([2], [1, 10]))
        var seen: [[Float]] = []
        try tape.backward(from: objective) { variable in
            if variable === x { seen.append(variable.gradient?.elements ?? []) }
        }
        #expect(seen == [[7, 70]])
    }

    @Test func theSameOperandTwiceGetsBothParts() throws {
        let x = Variable(Tensor([2], [1, 2]), requiresGradient: true)
        let tape = Tape()
        var completions = 0
        try tape.backward(from: tape.dot(tape.add(x, x), Tensor([2], [1, 10]))) {
            if $0 === x { completions += 1 }
        }
        #expect(x.gradient?.elements == [2, 20])
        #expect(completions == 1)
    }

    /// A gradient that reaches two leaves must not be changed through one of them.
    @Test func leavesDoNotShareTheirGradients() throws {
        let a = Variable(Tensor([2], [1, 2]), requiresGradient: true)
        let b = Variable(Tensor([2], [3, 4]), requiresGradient: true)
        let tape = Tape()
        let objective = tape.dot(tape.add(tape.add(a, b), a), Tensor([2], [1, 10]))
        try tape.backward(from: objective)
        #expect(a.gradient?.elements == [2, 20])
        #expect(b.gradient?.elements == [1, 10])
    }

    @Test func gradientsOfSeveralPassesAddUpUntilCleared() throws {
        let x = Variable(Tensor([2], [1, 2]), requiresGradient: true)
        let pass = {
            let tape = Tape()
            try tape.backward(from: tape.dot(x, Tensor([2], [1, 10])))
        }
        try pass()
        try pass()
        #expect(x.gradient?.elements == [2, 20])
        x.clearGradient()
        #expect(x.gradient == nil)
        try pass()
        #expect(x.gradient?.elements == [1, 10])
    }

    @Test func gradientsGoToTheBufferTheyAreGiven() throws {
        let values = Tensor(repeating: 0, [6])
        let gradients = Tensor(repeating: 99, [6])
        let x = Variable(Tensor([2], [1, 2]), requiresGradient: true)
        x.move(toValue: values.slice(at: 1, [2]), gradient: gradients.slice(at: 3, [2]))
        #expect(values.elements == [0, 1, 2, 0, 0, 0])
        for _ in 0..<2 {
            // What a step before left in the buffer does not count.
            x.clearGradient()
            let tape = Tape()
            let objective = tape.dot(tape.add(tape.scaled(x, by: 3), x), Tensor([2], [1, 10]))
            try tape.backward(from: objective)
            #expect(gradients.elements == [99, 99, 99, 4, 40, 99])
        }
    }

    @Test func nothingIsRecordedWhereNothingNeedsAGradient() {
        let chain = Chain()
        for leaf in [chain.first, chain.second, chain.bias] { leaf.requiresGradient = false }
        let tape = Tape()
        let loss = chain.loss(tape)
        #expect(tape.recordCount == 0 && !loss.requiresGradient)

        chain.second.requiresGradient = true
        _ = chain.loss(tape)
        // The first layer and its rectifier are left out.
        #expect(tape.recordCount == 2)
    }

    @Test func aTapeForInferenceRecordsNothing() {
        let tape = Tape(recording: false)
        let loss = Chain().loss(tape)
        #expect(tape.recordCount == 0 && !loss.requiresGradient)
    }

    /// The completion of a leaf does not wait for uses on a tape that is gone.
    @Test func aDiscardedTapeLeavesNoTraces() throws {
        let chain = Chain()
        _ = chain.loss(Tape())
        let tape = Tape()
        var completions = 0
        try tape.backward(from: chain.loss(tape)) { if $0 === chain.first { completions += 1 } }
        #expect(completions == 1)
    }

    @Test func memoryIsReleasedOnTheWayBack() throws {
        let chain = Chain()
        let tape = Tape()
        weak var hidden: Variable?
        weak var output: Variable?
        func loss() -> Variable {
            let first = tape.rectified(chain.hidden(tape))
            let second = tape.linear(first, weight: chain.second)
            (hidden, output) = (first, second)
            return tape.crossEntropy(second, labels: [0, 1, 1], divisor: 3)
        }
        let objective = loss()
        #expect(hidden != nil && output != nil)
        var releasedEarly = false
        try tape.backward(from: objective) { variable in
            if variable === chain.first { releasedEarly = output == nil }
        }
        #expect(releasedEarly)
        #expect(hidden == nil)
    }

    @Test func anErrorOnTheWayBackReachesTheCaller() throws {
        struct Lost: Error {}
        let chain = Chain()
        let tape = Tape()
        let loss = chain.loss(tape)
        #expect(throws: Lost.self) { try tape.backward(from: loss) { _ in throw Lost() } }
    }

    /// Postponed work is done before the pass ends, in the order of the operations, and a leaf is complete
    /// only then.
    @Test func postponedWorkIsDone() throws {
        let x = Variable(randomTensor([2, 3, 5, 5], seed: 114), requiresGradient: true)
        let weights = [115, 116].map {
            Variable(randomTensor([3, 3, 3, 3], seed: $0), requiresGradient: true)
        }
        let tape = Tape()
        let settings = ConvolutionSettings(padding: .init(1))
        let y = weights.reduce(x) { tape.convolution($0, weight: $1, settings: settings) }
        var order: [Int] = []
        try tape.backward(from: tape.dot(y, randomTensor(y.shape, seed: 117))) { variable in
            guard let index = weights.firstIndex(where: { $0 === variable }) else { return }
            #expect(variable.gradient != nil)
            order.append(index)
        }
        #expect(order == [1, 0])
        #expect(x.gradient != nil)
    }

    @Test func anErrorInPostponedWorkReachesTheCaller() throws {
        struct Lost: Error {}
        let weight = Variable(randomTensor([3, 3, 1, 1], seed: 118), requiresGradient: true)
        let tape = Tape()
        let y = tape.convolution(
            Variable(randomTensor([1, 3, 2, 2], seed: 119)), weight: weight, settings: .init())
        let objective = tape.dot(y, randomTensor(y.shape, seed: 120))
        #expect(throws: Lost.self) {
            try tape.backward(from: objective) { if $0 === weight { throw Lost() } }
        }
    }

    @Test func onlyScalarsHaveABackwardPass() async {
        await #expect(processExitsWith: .failure) {
            let tape = Tape()
            let x = Variable(Tensor([2], [1, 2]), requiresGradient: true)
            try tape.backward(from: tape.scaled(x, by: 2))
        }
    }
}
