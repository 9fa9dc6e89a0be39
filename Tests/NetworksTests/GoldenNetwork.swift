import Layers
import ModelFiles
import Networks
import Tensors
import TestSupport
import Testing

/// A network whose numbers a golden file holds.
struct GoldenNetwork: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The files of its weights and of its numbers.
    let weights: String
    let file: String
    let classCount: Int
    /// Gradients that the file holds in full.
    let gradientCount: Int
    let backbone: @Sendable () -> any Backbone

    static let all = [
        GoldenNetwork(
            testDescription: "ResNet-18, base width 8", weights: "source.safetensors",
            file: "network-resnet18.safetensors", classCount: 20, gradientCount: 8,
            backbone: { StagedNetwork.resNet(.resNet18, baseWidth: 8) }),
        GoldenNetwork(
            testDescription: "EfficientNet-Lite, width 0.14, depth 0.5",
            weights: "source-efficientnet-lite.safetensors", file: "network-efficientnet-lite.safetensors",
            classCount: 7, gradientCount: 12,
            backbone: { StagedNetwork.efficientNetLite(.init(width: 0.14, depth: 0.5)) }),
        GoldenNetwork(
            testDescription: "ResNeXt-50, base width 8, 4 groups", weights: "source-resnext.safetensors",
            file: "network-resnext.safetensors", classCount: 7, gradientCount: 12,
            backbone: {
                StagedNetwork.resNet(
                    ResNetArchitecture(bottlenecks: [3, 4, 6, 3], groups: 4, groupWidth: 32), baseWidth: 8)
            }),
        GoldenNetwork(
            testDescription: "ResNeXt of 32 groups of 1 to 8 channels",
            weights: "source-resnext-32x4d.safetensors", file: "network-resnext-32x4d.safetensors",
            classCount: 7, gradientCount: 12,
            backbone: {
                StagedNetwork.resNet(
                    ResNetArchitecture(bottlenecks: [2, 1, 2, 1], groups: 32, groupWidth: 4), baseWidth: 16)
            }),
        GoldenNetwork(
            testDescription: "MobileNetV2, width 0.25", weights: "source-mobilenet-v2.safetensors",
            file: "network-mobilenet-v2.safetensors", classCount: 7, gradientCount: 12,
            backbone: { StagedNetwork.mobileNetV2(width: 0.25) }),
    ]

    func classifier() throws -> Classifier {
        let classifier = Classifier(backbone: backbone(), classCount: classCount)
        try classifier.load(try SafetensorsFile(contentsOf: goldenPath(weights)))
        return classifier
    }

    /// The numbers, and the batch that they belong to.
    func contents() throws -> (golden: SafetensorsFile, images: Tensor, labels: [Int]) {
        let golden = try SafetensorsFile(contentsOf: goldenPath(file))
        return (golden, try golden.tensor("input.images"), try golden.integers("input.labels"))
    }
}
