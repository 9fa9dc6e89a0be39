import Layers
import Networks
import Tensors
import Testing

extension FrozenNetworkTests {
    @Suite("Feature taps")
    struct FeatureTapTests {
        struct Expectation: Sendable {
            let network: @Sendable () -> any Backbone
            let names: [String]
            let channels: [Int]
        }

        @Test(
            "Names and channels are those of published weights",
            arguments: [
                Expectation(
                    network: { StagedNetwork.resNet(.resNet18) },
                    names: ["layer1.1.conv2", "layer2.1.conv2", "layer3.1.conv2", "layer4.1.conv2"],
                    channels: [64, 128, 256, 512]),
                Expectation(
                    network: { StagedNetwork.resNet(.resNet34) },
                    names: ["layer1.2.conv2", "layer2.3.conv2", "layer3.5.conv2", "layer4.2.conv2"],
                    channels: [64, 128, 256, 512]),
                Expectation(
                    network: { StagedNetwork.resNet(.resNet50) },
                    names: ["layer1.2.conv3", "layer2.3.conv3", "layer3.5.conv3", "layer4.2.conv3"],
                    channels: [256, 512, 1024, 2048]),
                Expectation(
                    network: { StagedNetwork.resNet(.resNet101) },
                    names: ["layer1.2.conv3", "layer2.3.conv3", "layer3.22.conv3", "layer4.2.conv3"],
                    channels: [256, 512, 1024, 2048]),
                Expectation(
                    network: { StagedNetwork.resNet(.resNet152) },
                    names: ["layer1.2.conv3", "layer2.7.conv3", "layer3.35.conv3", "layer4.2.conv3"],
                    channels: [256, 512, 1024, 2048]),
                Expectation(
                    network: { StagedNetwork.efficientNetLite(.lite0) },
                    names: [
                        "blocks.0.0.conv_pw", "blocks.1.1.conv_pwl", "blocks.2.1.conv_pwl",
                        "blocks.3.2.conv_pwl", "blocks.4.2.conv_pwl", "blocks.5.3.conv_pwl",
                        "blocks.6.0.conv_pwl",
                    ], channels: [16, 24, 40, 80, 112, 192, 320]),
                Expectation(
                    network: { StagedNetwork.mobileNetV2() },
                    names: [
                        "features.1.conv.1", "features.3.conv.2", "features.6.conv.2", "features.10.conv.2",
                        "features.13.conv.2", "features.16.conv.2", "features.17.conv.2",
                    ], channels: [16, 24, 32, 64, 96, 160, 320]),
                Expectation(
                    network: { StagedNetwork.efficientNetLite(.lite4) },
                    names: [
                        "blocks.0.0.conv_pw", "blocks.1.3.conv_pwl", "blocks.2.3.conv_pwl",
                        "blocks.3.5.conv_pwl", "blocks.4.5.conv_pwl", "blocks.5.7.conv_pwl",
                        "blocks.6.0.conv_pwl",
                    ], channels: [24, 32, 56, 112, 160, 272, 448]),
            ])
        func namesAndChannels(_ expected: Expectation) {
            let network = expected.network()
            #expect(network.defaultTaps == expected.names)
            #expect(network.stages.map { network.tap(named: $0.name) } == expected.names)
            #expect(expected.names.map { network.tap(named: $0) } == expected.names)
            #expect(network.defaultTaps.map { network.channelCount(of: $0) } == expected.channels)
            let filters = Dictionary(
                uniqueKeysWithValues: network.parameters.map { ($0.name, $0.shape[0]) })
            #expect(expected.names.map { filters[$0 + ".weight"] } == expected.channels)
        }

        @Test("Stages are named as in published weights")
        func stageNames() {
            let resNet = StagedNetwork.resNet(.resNet18, baseWidth: 8)
            #expect(resNet.stages.map(\.name) == ["layer1", "layer2", "layer3", "layer4"])
            let efficientNet = StagedNetwork.efficientNetLite(.init(width: 0.1, depth: 0.5))
            #expect(efficientNet.stages.map(\.name) == (0...6).map { "blocks.\($0)" })
        }

        @Test("Observing changes nothing, and only what was asked for is there")
        func observing() throws {
            let network = NetworkCase.all[0].network()
            let images = Variable(NetworkCase.all[0].images())
            let plain = try network.features(images, .inference).value
            let observed = try network.features(
                images, .inference, observing: [network.defaultTaps[1], network.defaultTaps[3]])
            #expect(observed.features.value.elements == plain.elements)
            #expect(observed.outputs.map(\.shape) == [[3, 16, 8, 8], [3, 64, 2, 2]])
            #expect(try network.features(images, .inference, observing: []).outputs.isEmpty)
        }

        @Test("A map is the raw output of its convolution: zeroing a filter zeroes its channel and no other")
        func rawOutput() throws {
            let network = NetworkCase.all[0].network()
            let tap = network.defaultTaps[2]
            let images = Variable(NetworkCase.all[0].images())
            let whole = try #require(
                try network.features(images, .inference, observing: [tap]).outputs.first?.value)
            let weight = try #require(network.parameters.first { $0.name == "layer3.1.conv2.weight" })
            let filterCount = weight.count / weight.shape[0]
            weight.variable.assign(
                Tensor(
                    weight.shape,
                    weight.variable.value.elements.enumerated().map { $0 / filterCount == 5 ? 0 : $1 }))
            let changed = try #require(
                try network.features(images, .inference, observing: [tap]).outputs.first?.value)
            for channel in 0..<32 {
                let expected =
                    channel == 5 ? [Float](repeating: 0, count: 48) : whole.channel(channel).elements
                #expect(changed.channel(channel).elements == expected, "channel \(channel)")
            }
        }

        @Test("A gradient from a map reaches what lies before its tap and nothing behind")
        func gradient() throws {
            let network = NetworkCase.all[0].network()
            let tap = network.defaultTaps[1]
            let tape = Tape()
            let images = Variable(NetworkCase.all[0].images())
            let observed = try network.features(
                images, ForwardContext(tape: tape, normalization: .frozen), observing: [tap])
            let map = try #require(observed.outputs.first)
            let pooled = tape.globalAveragePooling(map)
            let weight = Variable(Tensor(repeating: 1, [2, 16]))
            let loss = tape.crossEntropy(
                tape.linear(pooled, weight: weight, bias: Variable(Tensor([2], [0, 1]))), labels: [0, 1, 0],
                divisor: 3)
            try tape.backward(from: loss)
            let reached = Set(network.parameters.filter { $0.variable.gradient != nil }.map(\.name))
            #expect(reached.contains("layer2.1.conv2.weight") && reached.contains("conv1.weight"))
            #expect(!reached.contains("layer2.1.bn2.weight"))
            #expect(reached.allSatisfy { !$0.hasPrefix("layer3") && !$0.hasPrefix("layer4") })
        }
    }
}
