import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// Every layer that a network of the table lists can be observed, in the ordinary network and in its frozen copy.
@Suite(.timeLimit(.minutes(2))) struct LayerNameTests {
    static let networks: [@Sendable () -> any Backbone] = [
        { StagedNetwork.resNet(.resNet18, baseWidth: 8) },
        { StagedNetwork.resNet(.resNet50, baseWidth: 8, stem: .small) },
        { StagedNetwork.efficientNetLite(.init(width: 0.14, depth: 0.5)) },
        { StagedNetwork.mobileNetV2(width: 0.25) },
    ]

    @Test(arguments: networks.indices) func everyLayerIsObservedInBothNetworks(_ index: Int) throws {
        let network = Self.networks[index]()
        network.initialize(seed: 1)
        let images = randomTensor([2, 3, 32, 32], seed: 2)
        let names = network.layerNames
        #expect(Set(names).count == names.count)
        let (features, outputs) = try network.features(Variable(images), .inference, observing: names)
        let copy = try network.frozen(keeping: names).features(images, observing: names)
        for (name, (output, frozen)) in zip(names, zip(outputs, copy.outputs)) {
            #expect(relativeError(frozen, output.value) < 1e-4, "\(name)")
        }
        #expect(outputs.last === features)
        // In the order of the forward pass: no layer needs one that comes later.
        let last = try #require(names.last)
        let few = try network.features(Variable(images), .inference, observing: [last, names[0]])
        #expect(
            few.outputs.map(\.value.elements)
                == [outputs[outputs.count - 1], outputs[0]].map(\.value.elements))
    }

    @Test func theLayersOfAResNetAreThoseOfTorchvision() {
        let names = StagedNetwork.resNet(.resNet18, baseWidth: 8).layerNames
        #expect(
            names.prefix(12) == [
                "conv1", "layer1.0.conv1", "layer1.0.conv2", "layer1.0", "layer1.1.conv1", "layer1.1.conv2",
                "layer1.1", "layer1", "layer2.0.downsample.0", "layer2.0.conv1", "layer2.0.conv2", "layer2.0",
            ])
        #expect(names.suffix(3) == ["layer4.1", "layer4", "avgpool"])
    }

    @Test func aBlockIsWhatItsConvolutionsAndShortcutMake() throws {
        let network = StagedNetwork.resNet(.resNet18, baseWidth: 8)
        network.initialize(seed: 1)
        let images = Variable(randomTensor([2, 3, 32, 32], seed: 2))
        let names = ["layer1.0", "layer1.1.conv2", "layer1.1", "layer1", "layer4", "avgpool"]
        let outputs = try network.features(images, .inference, observing: names).outputs.map(\.value)
        // Scale 1, shift 0, mean 0 and variance 1 of a new network leave the map as it is, but for ε.
        let block = zip(outputs[0].elements, outputs[1].elements).map { max($0 + $1 / 1.000005, 0) }
        #expect(relativeError(outputs[2].elements, block) < 1e-5)
        #expect(outputs[2].elements == outputs[3].elements)
        #expect(outputs[5].elements == outputs[4].averagedOverPositions().elements)
    }

    /// A copy is a network of its own.
    @Test(arguments: networks.indices) func aCopyHoldsTheSameNumbersApart(_ index: Int) throws {
        let network = Self.networks[index]()
        network.initialize(seed: 1)
        for (place, (_, tensor)) in network.buffers.tensors.enumerated() {
            tensor.fill(with: Float(place + 1))
        }
        let copy = network.copy()
        #expect(copy.layerNames == network.layerNames && copy.headName == network.headName)
        #expect(copy.parameters.map(\.name) == network.parameters.map(\.name))
        let images = Variable(randomTensor([1, 3, 32, 32], seed: 2))
        let features = try network.features(images, .inference).value.elements
        #expect(try copy.features(images, .inference).value.elements == features)
        network.initialize(seed: 2)
        for (_, tensor) in network.buffers.tensors { tensor.fill(with: 1) }
        #expect(try copy.features(images, .inference).value.elements == features)
        copy.assign(from: network)
        #expect(
            try copy.features(images, .inference).value.elements
                == network.features(images, .inference).value.elements)
    }

    @Test func unknownLayersAreRefusedBeforeAnythingIsComputed() throws {
        let network = StagedNetwork.resNet(.resNet18, baseWidth: 8)
        let error = try #require(throws: LayerNameError.self) {
            try network.frozen(keeping: ["layer4.1.conv3"])
        }
        #expect(error.suggestions.first == "layer4.1.conv1")
        // Images that no convolution could take.
        #expect(throws: LayerNameError.self) {
            try network.features(Variable(Tensor(repeating: 0, [1])), .inference, observing: ["layer9"])
        }
    }
}
