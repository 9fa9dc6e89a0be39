internal import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// The table of networks against the networks that it makes, and against lists of published names.
@Suite struct NetworkNameTests {
    @Test(arguments: NetworkName.allCases) func theSpecificationIsThatOfTheNetwork(_ name: NetworkName) {
        let specification = name.specification
        let network = specification.makeBackbone()
        #expect(network.stages.map(\.name) == specification.stageNames)
        #expect(Set(network.defaultTaps).isSubset(of: network.layerNames))
        #expect(specification.pixelNormalization.mean.count == 3 && specification.imageSize >= 224)
        // The options that belong to a network change it, the others do not.
        func shapes(_ options: NetworkOptions) -> [Shape] {
            specification.makeBackbone(options).parameters.map(\.shape)
        }
        let published = network.parameters.map(\.shape)
        let smallest = specification.smallestBaseWidth
        #expect((shapes(NetworkOptions(baseWidth: smallest ?? 1)) == published) == (smallest == nil))
        #expect((shapes(NetworkOptions(stem: .small)) == published) == !specification.hasStem)
        #expect(NetworkName(rawValue: name.rawValue) == name)
    }

    struct Published: Sendable, CustomTestStringConvertible {
        let name: NetworkName
        /// A list of the names and shapes of torchvision's state.
        let file: String
        /// Of the network with its classifier; of published ones with 1000 classes, as torchvision publishes it.
        let parameterCount: Int

        /// Classes of the list.
        var classCount = 1000
        var options = NetworkOptions()

        var testDescription: String { file }

        static let all = [
            Published(name: .resnext50, file: "names-resnext50_32x4d.txt", parameterCount: 25_028_904),
            Published(name: .wideResnet50, file: "names-wide_resnet50_2.txt", parameterCount: 68_883_240),
            Published(
                name: .wideResnet50, file: "names-wide-resnet-base-width-8.txt", parameterCount: 1_054_575,
                classCount: 7, options: NetworkOptions(baseWidth: 8)),
            Published(name: .mobileNetV2, file: "names-mobilenet_v2.txt", parameterCount: 3_504_872),
        ]
    }

    /// Line by line, in torchvision's order; only the classifier comes on top.
    @Test(arguments: Published.all) func namesAndShapesAreThoseOfTorchvision(_ published: Published) throws {
        let classifier = Classifier(
            backbone: published.name.specification.makeBackbone(published.options),
            classCount: published.classCount)
        var shapes: [String: Shape] = [:]
        for parameter in classifier.parameters { shapes[parameter.name] = parameter.shape }
        for (name, tensor) in classifier.buffers.tensors { shapes[name] = tensor.shape }
        for (name, _) in classifier.buffers.counters { shapes[name] = [] }
        let own = Set(
            shapes.map { name, shape in
                "\(name) "
                    + (shape.rank == 0 ? "scalar" : shape.dimensions.map(String.init).joined(separator: "x"))
            })
        let lines = try String(contentsOfFile: goldenPath(published.file), encoding: .utf8)
            .split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
        #expect(Set(lines) == own && lines.count == own.count)
        let parameters = Set(classifier.parameters.map(\.name))
        let order = lines.map { String($0.prefix { $0 != " " }) }.filter { parameters.contains($0) }
        #expect(classifier.parameters.map(\.name) == order)
        #expect(classifier.parameters.reduce(0) { $0 + $1.count } == published.parameterCount)
    }
}
