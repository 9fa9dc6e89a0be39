import Layers
import Tensors
import TestSupport
import Testing

/// Outputs of named layers, of networks that no table knows.
@Suite struct LayerOutputsTests {
    /// A network of one's own that is no backbone: two linear layers with an activation between them.
    private struct OwnNetwork {
        let first = Linear(name: "first", weight: Tensor([2, 2], [1, -1, 2, 1]), bias: Tensor([2], [0, 1]))
        let second = Linear(name: "second", weight: Tensor([1, 2], [3, 5]), bias: Tensor([1], [2]))

        func callAsFunction(_ input: Variable, _ context: ForwardContext) -> Variable {
            let hidden = context.tape.rectified(first(input, context))
            context.offer("hidden", hidden)
            return second(hidden, context)
        }
    }

    private let input = Variable(Tensor([2, 2], [1, 2, -3, 1]))

    @Test func outputsComeInTheOrderOfTheNamesWithTheFinalOutput() throws {
        let network = OwnNetwork()
        let (output, layers) = try ForwardContext.inference.observing(["second", "hidden", "first"]) {
            network(input, $0)
        }
        #expect(layers.map(\.value.elements) == [[27, 2], [0, 5, 0, 0], [-1, 5, -4, -4]])
        #expect(output === layers[0])
        #expect(network(input, .inference).value.elements == [27, 2])
    }

    /// A penalty on an output moves what lies before it, on the tape of the pass.
    @Test func anOutputIsTheVariableThatTheNetworkGoesOnWith() throws {
        let network = OwnNetwork()
        let tape = Tape()
        let context = ForwardContext(tape: tape, normalization: .local)
        let hidden = try context.observing(["hidden"]) { network(input, $0) }.layers[0]
        let ones = Variable(Tensor([1, 2], [1, 1]))
        try tape.backward(
            from: tape.crossEntropy(tape.linear(hidden, weight: ones), labels: [0, 0], divisor: 1))
        #expect(network.first.weight.variable.gradient != nil)
        #expect(network.second.weight.variable.gradient == nil)
    }

    @Test func passesWithinPassesAreObservedFromBothSides() throws {
        let network = OwnNetwork()
        let (inner, outer) = try ForwardContext.inference.observing(["first"]) { context in
            try context.observing(["second"]) { network(input, $0) }.layers
        }
        #expect(inner.map(\.value.elements) == [[27, 2]])
        #expect(outer.map(\.value.elements) == [[-1, 5, -4, -4]])
    }

    @Test func unknownNamesAreErrorsThatSuggestNearOnes() throws {
        let network = OwnNetwork()
        let error = try #require(throws: LayerNameError.self) {
            _ = try ForwardContext.inference.observing(["frist"]) { network(input, $0) }
        }
        #expect(error.description == "no layer of the network is named 'frist'; did you mean 'first'?")
        #expect(error.exitCode == 64)
        let layers = ["layer4", "layer4.0", "layer4.1", "conv1"]
        #expect(LayerNameError("layer5", among: layers).suggestions == ["layer4"])
        #expect(
            LayerNameError("layer", among: ["layer.0", "layer.1", "fc"]).suggestions == [
                "layer.0", "layer.1",
            ])
        #expect(
            LayerNameError("attention", among: layers).description
                == "no layer of the network is named 'attention'; none of its 4 layers has a name like it")
    }

    @Test func aBackboneOfOnesOwnIsObservedAndFrozen() throws {
        let backbone = TinyBackbone()
        backbone.initialize(seed: 3)
        for (name, tensor) in backbone.buffers.tensors { tensor.fill(with: name.hasSuffix("mean") ? 0.5 : 2) }
        let images = randomTensor([2, 3, 5, 5], seed: 1)
        let names = ["avgpool", "conv1"]
        let (features, outputs) = try backbone.features(Variable(images), .inference, observing: names)
        #expect(outputs.map(\.shape) == [[2, 4], [2, 4, 5, 5]])
        let frozen = try backbone.frozen(keeping: ["conv1", "avgpool"])
        #expect(!(frozen is any ChannelAblatable))
        // What is trained or measured later does not change the copy.
        backbone.initialize(seed: 4)
        for (_, tensor) in backbone.buffers.tensors { tensor.fill(with: 1) }
        let found = try frozen.features(images, observing: names)
        #expect(found.features.elements == features.value.elements)
        #expect(found.outputs.map(\.elements) == outputs.map(\.value.elements))
        #expect(throws: LayerNameError.self) { try frozen.features(images, observing: ["relu"]) }
        #expect(throws: LayerNameError.self) { try backbone.frozen(keeping: ["conv2"]) }
        #expect(throws: LayerNameError.self) {
            try backbone.features(Variable(images), .inference, observing: ["conv2"])
        }
    }
}
