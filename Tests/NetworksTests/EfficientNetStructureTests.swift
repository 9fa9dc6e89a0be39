import Layers
import ModelFiles
import Networks
import Tensors
import TestSupport
import Testing

/// One of timm's networks, with its numbers read off there.
struct PublishedEfficientNet: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let architecture: EfficientNetLiteScaling
    /// Of the network with its 1000 classes.
    let parameterCount: Int
    /// Trained tensors, the classifier's two among them.
    let tensorCount: Int
    /// Blocks and channels of each stage.
    let stages: [(blocks: Int, channels: Int)]

    static let all: [PublishedEfficientNet] = [
        .init(
            testDescription: "Lite0", architecture: .lite0, parameterCount: 4_652_008, tensorCount: 149,
            stages: [(1, 16), (2, 24), (2, 40), (3, 80), (3, 112), (4, 192), (1, 320)]),
        .init(
            testDescription: "Lite1", architecture: .lite1, parameterCount: 5_416_680, tensorCount: 194,
            stages: [(1, 16), (3, 24), (3, 40), (4, 80), (4, 112), (5, 192), (1, 320)]),
        .init(
            testDescription: "Lite2", architecture: .lite2, parameterCount: 6_092_072, tensorCount: 194,
            stages: [(1, 16), (3, 24), (3, 48), (4, 88), (4, 120), (5, 208), (1, 352)]),
        .init(
            testDescription: "Lite3", architecture: .lite3, parameterCount: 8_197_096, tensorCount: 221,
            stages: [(1, 24), (3, 32), (3, 48), (5, 96), (5, 136), (6, 232), (1, 384)]),
        .init(
            testDescription: "Lite4", architecture: .lite4, parameterCount: 13_006_568, tensorCount: 275,
            stages: [(1, 24), (4, 32), (4, 56), (6, 112), (6, 160), (8, 272), (1, 448)]),
    ]
}

@Suite struct EfficientNetStructureTests {
    @Test(arguments: PublishedEfficientNet.all)
    func parametersAreThoseOfTimm(_ published: PublishedEfficientNet) throws {
        let network = StagedNetwork.efficientNetLite(published.architecture)
        #expect(network.featureCount == 1280 && network.headName == "classifier")
        let count = network.parameters.reduce(0) { $0 + $1.count }
        #expect(count + 1000 * 1280 + 1000 == published.parameterCount)
        #expect(network.parameters.count + 2 == published.tensorCount)
        let shapes = Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.shape) })
        #expect(shapes["conv_stem.weight"] == [32, 3, 3, 3])
        for (stage, (blocks, channels)) in published.stages.enumerated() {
            let last = "blocks.\(stage).\(blocks - 1).\(stage == 0 ? "conv_pw" : "conv_pwl").weight"
            #expect(try #require(shapes[last], "\(last)")[0] == channels)
            #expect(!shapes.keys.contains { $0.hasPrefix("blocks.\(stage).\(blocks).") })
        }
        let sizes = [3, 3, 5, 3, 5, 5, 3]
        for (stage, size) in sizes.enumerated() {
            let inputs = stage == 0 ? 32 : 6 * published.stages[stage - 1].channels
            #expect(shapes["blocks.\(stage).0.conv_dw.weight"] == [inputs, 1, size, size])
        }
        #expect(shapes["conv_head.weight"] == [1280, published.stages[6].channels, 1, 1])
    }

    /// In timm's order, as written out by its network.
    @Test func theNamesAreThoseOfTimm() throws {
        let network = StagedNetwork.efficientNetLite(.lite0)
        let names = network.parameters.map(\.name)
        func normalized(_ convolution: String, _ normalization: String) -> [String] {
            ["\(convolution).weight", "\(normalization).weight", "\(normalization).bias"]
        }
        let expected =
            normalized("conv_stem", "bn1") + normalized("blocks.0.0.conv_dw", "blocks.0.0.bn1")
            + normalized("blocks.0.0.conv_pw", "blocks.0.0.bn2")
            + normalized("blocks.1.0.conv_pw", "blocks.1.0.bn1")
            + normalized("blocks.1.0.conv_dw", "blocks.1.0.bn2")
            + normalized("blocks.1.0.conv_pwl", "blocks.1.0.bn3")
            + normalized("blocks.1.1.conv_pw", "blocks.1.1.bn1")
        #expect(Array(names.prefix(expected.count)) == expected)
        #expect(Array(names.suffix(3)) == normalized("conv_head", "bn2"))
    }

    @Test func aFileOfTimmHasTheSameNames() throws {
        let file = try SafetensorsFile(contentsOf: goldenPath("source-efficientnet-lite.safetensors"))
        let network = StagedNetwork.efficientNetLite(.init(width: 0.14, depth: 0.5))
        let own = publishedNames(of: network)
        #expect(Set(own + ["classifier.weight", "classifier.bias"]) == Set(file.names))
        #expect(own.count + 2 == file.names.count)
        for parameter in network.parameters { #expect(file.shape(of: parameter.name) == parameter.shape) }
    }

    /// Of a depthwise convolution each filter is a group of its own: the fan-out is the kernel's area.
    @Test func initialWeightsSpreadAsThoseOfTimm() throws {
        let network = StagedNetwork.efficientNetLite(.lite0)
        network.initialize(seed: 1)
        for (name, fanOut) in [
            ("blocks.5.1.conv_dw.weight", 25.0), ("blocks.5.1.conv_pw.weight", 1152),
            ("conv_head.weight", 1280),
        ] {
            let weight = try #require(network.parameters.first { $0.name == name }).variable.value
            let deviation = (weight.squaredNorm / Double(weight.count)).squareRoot()
            #expect(mismatch([deviation], [(2 / fanOut).squareRoot()], relative: 0.05) == nil, "\(name)")
        }
    }

    /// Features of one picture do not depend on the others where running statistics are used, whatever the
    /// extents, down to one pixel in the last stages.
    @Test(arguments: [[33, 47], [64, 50], [17, 16]])
    func samplesAreIndependentInEvaluation(_ size: [Int]) throws {
        let network = StagedNetwork.efficientNetLite(.init(width: 0.25, depth: 0.5))
        network.initialize(seed: 2)
        let images = randomTensor([3, 3, size[0], size[1]], seed: 2)
        let all = try network.features(Variable(images), .inference).value
        #expect(all.shape == [3, 1280])
        for row in 0..<3 {
            let one = try network.features(Variable(images.rows(row..<row + 1)), .inference).value
            #expect(mismatch(one, all.rows(row..<row + 1), absolute: 1e-5, relative: 1e-4) == nil)
        }
    }
}
