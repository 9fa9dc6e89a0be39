internal import Foundation
internal import ImageData
internal import Layers
internal import ModelFiles
internal import Networks
internal import Tensors

/// Writes a model as ONNX, with what its users must know of images and classes.
struct ONNXExport {
    private let classifier: (backbone: any ONNXDescribable, head: Linear)
    private let network: NetworkName
    private let description: ModelDescription?
    /// Rows and columns of the images.
    private let imageSize: [Int]

    /// An export of a network and its classifier.
    ///
    /// - Parameters:
    ///   - model: The network, filled.
    ///   - weights: Where its numbers are from.
    ///   - description: What the model says of itself; nil for weights that others published, whose images have the
    ///     size and the normalization that the network was published with.
    /// - Throws: `UsageError` where there is no classifier; `DataError` where the description fits no network.
    init(_ model: PublishedModel, _ weights: PublishedWeights, _ description: ModelDescription?) throws {
        guard let backbone = model.backbone as? any ONNXDescribable else {
            throw UsageError("\(weights.path): '\(weights.network.rawValue)' cannot be written as ONNX")
        }
        guard let head = model.head else {
            throw UsageError(
                "\(weights.path): has no classifier, and an ONNX file gives its logits; export a trained model"
            )
        }
        classifier = (backbone, head)
        (network, self.description) = (weights.network, description)
        let published = weights.network.specification.imageSize
        let shape = description?.imageSize ?? [3, published, published]
        let names = description?.classNames.count ?? head.weight.shape[0]
        guard shape.count == 3, shape[0] == 3, shape.allSatisfy((1...1 << 14).contains),
            names == head.weight.shape[0]
        else {
            throw DataError(
                .format, path: weights.path,
                "is described as a model of images of size \(shape.prefix(8)) and \(names) classes; expected "
                    + "three channels of at most 16384 rows and columns, and \(head.weight.shape[0]) classes")
        }
        imageSize = Array(shape.dropFirst())
    }

    /// Writes the file.
    ///
    /// - Returns: What was written, a line each.
    /// - Throws: `OutputFileError`.
    func write(to path: String) throws -> [String] {
        var graph = ONNXGraph(name: network.rawValue, input: "images", shape: [3] + imageSize)
        let logits = classifier.head.describe(
            classifier.backbone.describe(graph.input, in: &graph), in: &graph)
        let file = ONNXFile(
            graph, output: logits, as: "logits", description: words, metadata: try metadata())
        try file.write(to: path, producerVersion: BallastVersion.current)
        let (images, classes) = (Self.listed(graph.input.shape), Self.listed(logits.shape))
        let rounded = description.map { $0.precision != .float32 } ?? false
        return [
            "wrote \(path), ONNX: images [N, \(images)] to logits [N, \(classes)], "
                + "batch normalization folded into the convolutions"
        ]
            + (rounded
                ? [
                    "it computes in 32-bit floats; 'ballast evaluate' rounds the feature maps of this model to "
                        + (description?.precision.rawValue ?? "")
                ] : [])
    }

    private static func listed(_ numbers: [Int]) -> String {
        numbers.map(String.init).joined(separator: ", ")
    }

    private var normalization: (mean: [Float], deviation: [Float]) {
        let published = network.specification.pixelNormalization
        return (
            description?.mean ?? published.mean,
            description?.standardDeviation ?? published.standardDeviation
        )
    }

    /// For people.
    private var words: String {
        "images: float32 [N, 3, \(Self.listed(imageSize))], red, green and blue in [0, 1], minus mean, divided by std; "
            + "logits: float32 [N, K], before softmax. Mean, std, size, transform, interpolation and classes stand "
            + "in metadata_props, each as JSON."
    }

    /// For programs, each value as JSON.
    private func metadata() throws -> [String: String] {
        let (mean, deviation) = normalization
        var values: [String: String] = [
            "network": try JSONText.of(network.rawValue), "mean": try JSONText.of(mean),
            "std": try JSONText.of(deviation), "size": try JSONText.of(imageSize),
        ]
        if let description {
            values["classes"] = try JSONText.of(description.classNames)
            if description.appliesOrientation { values["apply-exif-orientation"] = try JSONText.of(true) }
            if let transform = description.validationTransform {
                values["transform"] = try JSONText.of(transform)
            }
            if let interpolation = description.interpolation {
                values["interpolation"] = try JSONText.of(interpolation)
            }
        }
        return values
    }
}
