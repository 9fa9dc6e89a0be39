import Layers
import ModelFiles
import Networks
import Tensors
import TestSupport
import Testing

/// One published architecture.
struct PublishedNetwork: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let architecture: ResNetArchitecture
    let blocks: [Int]
    let isBottleneck: Bool
    /// Of torchvision's network with its 1000 classes.
    let parameterCount: Int

    static let all: [PublishedNetwork] = [
        .init(
            testDescription: "ResNet-18", architecture: .resNet18, blocks: [2, 2, 2, 2],
            isBottleneck: false, parameterCount: 11_689_512),
        .init(
            testDescription: "ResNet-34", architecture: .resNet34, blocks: [3, 4, 6, 3],
            isBottleneck: false, parameterCount: 21_797_672),
        .init(
            testDescription: "ResNet-50", architecture: .resNet50, blocks: [3, 4, 6, 3],
            isBottleneck: true, parameterCount: 25_557_032),
        .init(
            testDescription: "ResNet-101", architecture: .resNet101, blocks: [3, 4, 23, 3],
            isBottleneck: true, parameterCount: 44_549_160),
        .init(
            testDescription: "ResNet-152", architecture: .resNet152, blocks: [3, 8, 36, 3],
            isBottleneck: true, parameterCount: 60_192_808),
    ]
}

@Suite struct ResNetStructureTests {
    @Test(arguments: PublishedNetwork.all)
    func parametersAreThoseOfTorchvision(_ published: PublishedNetwork) {
        let network = StagedNetwork.resNet(published.architecture)
        let features = published.isBottleneck ? 2048 : 512
        #expect(network.featureCount == features)
        #expect(network.headName == "fc")
        let count = network.parameters.reduce(0) { $0 + $1.count }
        #expect(count + 1000 * features + 1000 == published.parameterCount)
        let expected = TorchvisionNames(
            blocks: published.blocks, isBottleneck: published.isBottleneck
        ).parameters
        let found = network.parameters.map {
            TorchvisionNames.Entry($0.name, $0.shape.dimensions)
        }
        #expect(found == expected)
        let normalized: [String] = expected.map(\.name).filter { name in
            name.hasSuffix(".weight") && (name.contains("bn") || name.contains("downsample.1"))
        }
        let buffers: [String] = normalized.flatMap { name -> [String] in
            let layer = String(name.dropLast("weight".count))
            return ["running_mean", "running_var", "num_batches_tracked"].map { layer + $0 }
        }
        #expect(network.buffers.map(\.name) == buffers)
    }

    /// Written out, so that the rule above is checked as well.
    @Test func aFileOfTorchvisionHasTheNamesOfResNet18() throws {
        let file = try SafetensorsFile(contentsOf: goldenPath("source.safetensors"))
        let network = StagedNetwork.resNet(.resNet18, baseWidth: 8)
        let own = publishedNames(of: network)
        #expect(Set(own + ["fc.weight", "fc.bias"]) == Set(file.names))
        #expect(own.count + 2 == file.names.count)
        for parameter in network.parameters { #expect(file.shape(of: parameter.name) == parameter.shape) }
        #expect(
            network.parameters.map(\.name).filter { $0.hasPrefix("layer2.0") } == [
                "layer2.0.conv1.weight", "layer2.0.bn1.weight", "layer2.0.bn1.bias",
                "layer2.0.conv2.weight", "layer2.0.bn2.weight", "layer2.0.bn2.bias",
                "layer2.0.downsample.0.weight", "layer2.0.downsample.1.weight",
                "layer2.0.downsample.1.bias",
            ])
    }

    @Test func theSmallStemKeepsTheResolution() throws {
        let network = StagedNetwork.resNet(.resNet18, baseWidth: 8, stem: .small)
        let expected = TorchvisionNames(
            blocks: [2, 2, 2, 2], isBottleneck: false, baseWidth: 8, firstKernel: 3
        ).parameters
        #expect(network.parameters.map { TorchvisionNames.Entry($0.name, $0.shape.dimensions) } == expected)
        network.initialize(seed: 1)
        // The standard stem and the stages halve five times, the small one only three.
        for size in [8, 28] {
            let images = Variable(randomTensor([2, 3, size, size], seed: 1))
            let features = try network.features(images, .inference)
            #expect(features.shape == [2, 64])
            #expect(features.value.elements.allSatisfy { $0.isFinite })
        }
    }

    /// Features of one picture do not depend on the others where running statistics are used.
    @Test(arguments: [NetworkStem.standard, .small])
    func samplesAreIndependentInEvaluation(_ stem: NetworkStem) throws {
        let network = StagedNetwork.resNet(.resNet50, baseWidth: 8, stem: stem)
        network.initialize(seed: 2)
        let images = randomTensor([3, 3, 33, 47], seed: 2)
        let all = try network.features(Variable(images), .inference).value
        #expect(all.shape == [3, 256] && network.featureCount == 256)
        for row in 0..<3 {
            let one = try network.features(Variable(images.rows(row..<row + 1)), .inference).value
            #expect(mismatch(one, all.rows(row..<row + 1), absolute: 1e-5, relative: 1e-4) == nil)
        }
    }

    @Test func initialWeightsDependOnTheSeed() {
        let networks = (1...2).map { seed in
            let network = StagedNetwork.resNet(.resNet18, baseWidth: 8)
            network.initialize(seed: UInt64(seed))
            return network
        }
        for (first, second) in zip(networks[0].parameters, networks[1].parameters) {
            let same = first.variable.value.elements == second.variable.value.elements
            // Scale and shift of batch normalization start from 1 and 0.
            #expect(same == (first.shape.rank == 1), "\(first.name)")
        }
    }
}
