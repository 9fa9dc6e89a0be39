import Layers
import ModelFiles
import Networks
import Tensors
import TestSupport
import Testing

/// What networks say of themselves as ONNX, computed from the file. `Tests/run-export-checks.sh` has ONNX Runtime do it.
@Suite(.timeLimit(.minutes(2))) struct ONNXGraphTests {
    /// The network as a file, read again.
    private func written(_ classifier: Classifier, _ shape: [Int]) throws -> ONNXInterpreter {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let backbone = try #require(classifier.backbone as? any ONNXDescribable)
        var graph = ONNXGraph(name: "network", input: "images", shape: shape)
        let logits = classifier.head.describe(backbone.describe(graph.input, in: &graph), in: &graph)
        #expect(logits.shape == [classifier.classCount])
        let path = folder.path + "/model.onnx"
        try ONNXFile(
            graph, output: logits, as: "logits", description: "words", metadata: ["b": "2", "a": "1"]
        )
        .write(to: path, producerVersion: "9")
        return try ONNXInterpreter(path)
    }

    /// Against torchvision and timm in double precision.
    @Test(arguments: GoldenNetwork.all) func theFileComputesTheLogits(_ network: GoldenNetwork) throws {
        let (golden, images, _) = try network.contents()
        let file = try written(network.classifier(), Array(images.shape.dimensions.dropFirst()))
        let expected = try golden.tensor("output.logits_inference")
        #expect(mismatch(try file.output(images), expected, absolute: 1e-4, relative: 1e-4) == nil)
        #expect(!file.model.graph.node.contains { $0.opType.contains("Normalization") })
    }

    static let others: [(name: NetworkName, options: NetworkOptions, shape: [Int])] = [
        (.resnet18, NetworkOptions(baseWidth: 4, stem: .small), [3, 9, 13]),
        (.resnet50, NetworkOptions(baseWidth: 4), [3, 33, 47]),
        (.efficientNetLite0, NetworkOptions(), [3, 37, 50]), (.mobileNetV2, NetworkOptions(), [3, 31, 36]),
    ]

    /// Extents that a stride does not divide, where the padding of a side depends on them, and other stems.
    @Test(arguments: others)
    func anyExtents(_ name: NetworkName, _ options: NetworkOptions, _ shape: [Int]) throws {
        let classifier = Classifier(backbone: name.specification.makeBackbone(options), classCount: 3)
        classifier.backbone.initialize(seed: 3)
        classifier.head.initialize(seed: 4)
        let images = randomTensor(Shape([2] + shape), seed: 5)
        let expected = try classifier(Variable(images), .inference).logits.value
        let output = try written(classifier, shape).output(images)
        #expect(mismatch(output, expected, absolute: 1e-5, relative: 1e-4) == nil)
    }

    @Test func theFrameIsThatOfTheFormat() throws {
        let backbone = StagedNetwork.resNet(.resNet18, baseWidth: 2, stem: .small)
        let model = try written(Classifier(backbone: backbone, classCount: 5), [3, 8, 8]).model
        #expect(model.irVersion == 8 && model.opsetImport.map(\.version) == [13])
        #expect(model.producerName == "ballast" && model.producerVersion == "9" && model.docString == "words")
        #expect(
            model.metadataProps.map(\.key) == ["a", "b"] && model.metadataProps.map(\.value) == ["1", "2"])
        let (input, output) = (model.graph.input[0].type.tensorType, model.graph.output[0].type.tensorType)
        #expect(model.graph.input.map(\.name) == ["images"] && model.graph.output.map(\.name) == ["logits"])
        #expect(input.elemType == 1 && input.shape.dim.map(\.dimValue) == [0, 3, 8, 8])
        #expect(output.shape.dim.map(\.dimValue) == [0, 5])
        #expect(input.shape.dim[0].dimParam == "N" && output.shape.dim[0].dimParam == "N")
        let nodes = model.graph.node
        #expect(Set(nodes.map(\.name)).count == nodes.count)
        #expect(nodes.count { $0.opType == "Conv" } == 20 && nodes.count { $0.opType == "Add" } == 8)
    }
}
