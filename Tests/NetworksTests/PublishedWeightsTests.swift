import Layers
import ModelFiles
import Networks
import Tensors
import TestSupport
import Testing

/// Weights under the names of others, and the network that they are of.
@Suite struct PublishedWeightsTests {
    /// Tensors that exist as shapes only.
    private struct Shapes: WeightSource {
        let path = "weights.pth"
        var shapes: [String: Shape]
        var byteCount = 1 << 30

        var names: [String] { shapes.keys.sorted() }
        func shape(of name: String) -> Shape? { shapes[name] }
        func holdsIntegers(_ name: String) -> Bool { name.hasSuffix("num_batches_tracked") }
        func tensor(_ name: String) -> Tensor { Tensor(repeating: 0, shapes[name] ?? []) }
        func integers(_ name: String) -> [Int] { [0] }
    }

    private func shapes(
        _ network: NetworkName, _ options: NetworkOptions = NetworkOptions(baseWidth: 4),
        classCount: Int? = 7, rename: (String) -> String = { $0 }
    ) -> Shapes {
        let backbone = network.specification.makeBackbone(options)
        var shapes: [String: Shape] = [:]
        for parameter in backbone.parameters { shapes[rename(parameter.name)] = parameter.shape }
        for (name, tensor) in backbone.buffers.tensors { shapes[rename(name)] = tensor.shape }
        for (name, _) in backbone.buffers.counters { shapes[rename(name)] = [] }
        if let classCount {
            shapes[rename(backbone.headName + ".weight")] = [classCount, backbone.featureCount]
            shapes[rename(backbone.headName + ".bias")] = [classCount]
        }
        return Shapes(shapes: shapes)
    }

    static let namings: [(NetworkName, NameOrigin)] = [
        (.resnet18, .torchvision), (.resnet50, .timm), (.mobileNetV2, .torchvision), (.mobileNetV2, .timm),
        (.efficientNetLite0, .timm), (.efficientNetLite0, .efficientNetLitePyTorch),
        (.efficientNetLite2, .efficientNetLitePyTorch),
    ]

    @Test(arguments: namings, ["", "module.", "_orig_mod.module.", "backbone.", "anything.at.all."])
    func namesOfOthersAreThoseOfTheNetwork(_ naming: (NetworkName, NameOrigin), prefix: String) throws {
        let (network, origin) = naming
        let specification = network.specification
        let backbone = specification.makeBackbone(NetworkOptions(baseWidth: 4))
        let table = try #require(specification.nameTable(of: origin, for: backbone))
        let source = shapes(network) { prefix + table.name(of: $0) }
        let weights = try PublishedWeights(source, for: network)
        // timm gives torchvision's names to residual networks: which of the two, nobody can tell.
        #expect(weights.origin == (network == .resnet50 ? .torchvision : origin))
        #expect(weights.prefix == prefix && weights.classCount == 7 && weights.unusedNames == [])
        #expect(weights.missingCounters == [])
        #expect(Set(weights.names) == Set(shapes(network).names))
        for (name, shape) in shapes(network).shapes { #expect(weights.shape(of: name) == shape, "\(name)") }
    }

    /// Written down from the libraries: a name of each kind of layer.
    @Test(arguments: [
        (NetworkName.mobileNetV2, NameOrigin.timm, "features.0.0", "conv_stem"),
        (.mobileNetV2, .timm, "features.0.1", "bn1"),
        (.mobileNetV2, .timm, "features.1.conv.0.0", "blocks.0.0.conv_dw"),
        (.mobileNetV2, .timm, "features.1.conv.2", "blocks.0.0.bn2"),
        (.mobileNetV2, .timm, "features.3.conv.1.0", "blocks.1.1.conv_dw"),
        (.mobileNetV2, .timm, "features.17.conv.3", "blocks.6.0.bn3"),
        (.mobileNetV2, .timm, "features.18.0", "conv_head"), (.mobileNetV2, .timm, "features.18.1", "bn2"),
        (.mobileNetV2, .timm, "classifier.1", "classifier"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "conv_stem", "_conv_stem"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "bn1", "_bn0"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "blocks.0.0.conv_dw", "_blocks.0._depthwise_conv"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "blocks.0.0.conv_pw", "_blocks.0._project_conv"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "blocks.0.0.bn2", "_blocks.0._bn2"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "blocks.1.1.conv_pw", "_blocks.2._expand_conv"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "blocks.6.0.conv_pwl", "_blocks.15._project_conv"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "blocks.6.0.bn1", "_blocks.15._bn0"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "conv_head", "_conv_head"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "bn2", "_bn1"),
        (.efficientNetLite0, .efficientNetLitePyTorch, "classifier", "_fc"),
    ])
    func layersHaveTheirPublishedNames(
        _ network: NetworkName, _ origin: NameOrigin, _ own: String, _ theirs: String
    ) throws {
        let specification = network.specification
        let table = try #require(specification.nameTable(of: origin, for: specification.makeBackbone()))
        #expect(table.name(of: own + ".weight") == theirs + ".weight")
    }

    @Test func widthStemAndClassesAreReadFromTheShapes() throws {
        for options in [NetworkOptions(baseWidth: 6, stem: .small), NetworkOptions(baseWidth: 5)] {
            let weights = try PublishedWeights(shapes(.resnet34, options, classCount: nil), for: .resnet34)
            #expect(weights.options == options && weights.classCount == nil)
            #expect(weights.findings.contains { $0.contains("no classifier") })
        }
    }

    @Test func theQueryEncoderOfMoCoIsTaken() throws {
        let query = shapes(.resnet18, classCount: nil) { "module.encoder_q." + $0 }
        let key = shapes(.resnet18, classCount: nil) { "module.encoder_k." + $0 }
        var both = Shapes(shapes: query.shapes.merging(key.shapes) { $1 })
        both.shapes["module.encoder_q.fc.0.weight"] = [32, 32]
        both.shapes["module.queue"] = [4, 8]
        let weights = try PublishedWeights(both, for: .resnet18)
        #expect(weights.prefix == "module.encoder_q." && weights.classCount == nil)
        #expect(weights.unusedNames.count == key.shapes.count + 2)
    }

    @Test(arguments: [
        (NetworkName.resnet34, NetworkName.resnet18, "is unexpected"), (.resnet18, .resnet34, "is missing"),
        (.resnet18, .resnet50, "is missing"), (.wideResnet50, .resnet50, "has shape"),
        (.resnext50, .resnet50, "has shape"), (.efficientNetLite0, .mobileNetV2, "is missing"),
        (.efficientNetLite2, .efficientNetLite1, "has shape"),
    ])
    func theNetworkThatWeightsLookLikeIsNamed(
        _ actual: NetworkName, _ asked: NetworkName, _ problem: String
    ) throws {
        let source = shapes(actual, NetworkOptions(baseWidth: 16))
        let error = try #require(throws: WeightError.self) { try PublishedWeights(source, for: asked) }
        #expect(error.exitCode == 65 && error.detail.contains(problem), "\(error)")
        #expect(error.detail.contains("look like the weights of \(actual.rawValue)"), "\(error)")
        #expect(NetworkLikeness.network(of: source) == actual)
    }

    /// Networks that begin with three convolutions have `conv1.weight` in their blocks alone.
    @Test(arguments: ["", "module."])
    func aBlockIsNotTakenForTheNetwork(prefix: String) throws {
        var source = shapes(.resnet18) { prefix + $0 }
        source.shapes[prefix + "conv1.weight"] = nil
        source.shapes[prefix + "conv1.0.weight"] = [32, 3, 3, 3]
        let error = try #require(throws: WeightError.self) { try PublishedWeights(source, for: .resnet18) }
        let start = "tensor 'conv1.weight' is missing" + (prefix.isEmpty ? "; " : ", as are ")
        #expect(error.detail.hasPrefix(start), "\(error)")
    }

    /// What a block has beside the network's layers changes what the block computes.
    @Test func attentionInABlockIsNotLeftOut() throws {
        var source = shapes(.resnet18) { "module." + $0 }
        source.shapes["module.layer1.0.se.fc1.weight"] = [1, 4]
        let error = try #require(throws: WeightError.self) { try PublishedWeights(source, for: .resnet18) }
        #expect(error.detail.contains("'module.layer1.0.se.fc1.weight' is unexpected"))
        #expect(error.detail.contains("no network that is known"))
        source.shapes["module.layer1.0.se.fc1.weight"] = nil
        source.shapes["center"] = [3]
        #expect(try PublishedWeights(source, for: .resnet18).unusedNames == ["center"])
        var bare = shapes(.resnet18)
        bare.shapes["queue"] = [3]
        #expect(try PublishedWeights(bare, for: .resnet18).unusedNames == ["queue"])
        bare.shapes["stn.weight"] = [3]
        #expect(throws: WeightError.self) { try PublishedWeights(bare, for: .resnet18) }
    }

    /// A shape is a claim: it must not size a network that the file cannot fill.
    @Test func announcedSizesAreBoundedByTheFile() throws {
        for width in [1 << 12, 1 << 30, 1 << 50] {
            var source = shapes(.resnet18)
            source.byteCount = 1 << 20
            source.shapes["conv1.weight"] = [width, 3, 7, 7]
            let error = try #require(throws: WeightError.self) {
                try PublishedWeights(source, for: .resnet18)
            }
            #expect(error.detail.contains("too small"), "\(error)")
        }
        var source = shapes(.resnet18)
        source.byteCount = 1 << 20
        source.shapes["fc.weight"] = [1 << 40, 32]
        source.shapes["fc.bias"] = [1 << 40]
        #expect(try PublishedWeights(source, for: .resnet18).classCount == nil)
        for shape: Shape in [[4, 3, 5, 5], [4, 1, 7, 7], [0, 3, 7, 7], [4], []] {
            source.shapes["conv1.weight"] = shape
            #expect(throws: WeightError.self) { try PublishedWeights(source, for: .resnet18) }
        }
    }
}
