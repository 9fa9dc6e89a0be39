import Foundation
import ModelFiles
import Tensors
import TestSupport

/// A folder with files of every kind that a run cannot use, and some that it can.
struct BadInputFiles {
    /// Holds the files: `good.yaml`, a run of two classes, and what the cases name.
    let folder: ScratchFolder

    private static let fashionMNIST = URL(filePath: "/usr/share/datasets/fashion-mnist")

    /// Writes all files.
    init() throws {
        folder = try ScratchFolder()
        let configuration = """
            method: {name: fine-tune}
            network: {name: resnet18, base-width: 8, weights: source.safetensors}
            data: {train: good.safetensors, validation: none}
            training: {epochs: 1, steps-per-epoch: 1, global-batch: 4, shuffle: false}
            output: run

            """
        try Data(configuration.utf8).write(to: url("good.yaml"))
        try Data("words\n".utf8).write(to: url("words.txt"))
        try writeTensorSets()
        try writeWeights()
        try writeImages()
    }

    private func url(_ name: String) -> URL { folder.url.appending(path: name) }

    private func writeTensorSets() throws {
        try writeSet("good", labels: [0, 1, 0, 1])
        try writeSet("large-label", labels: [0, 1, 2, 1])
        try writeSet("missing-class", labels: [0, 2, 0, 2])
        try writeSet("negative-label", labels: [0, 1, -1, 1])
        try writeSet("other-size", labels: [0, 1, 0, 1], size: 48)
        try writeSet("grey", labels: [0, 1, 0, 1], channels: 1)
        try writeSet("no-number", labels: [0, 1, 0, 1], pixel: .nan)
        var unlabelled = SafetensorsWriter()
        unlabelled.add("images", Tensor([1, 3, 32, 32], [Float](repeating: 0, count: 3 * 32 * 32)))
        try unlabelled.write(to: url("unlabelled.safetensors").path)
    }

    /// A set of noise; `pixel` is the first value of the image of sample 2.
    private func writeSet(
        _ name: String, labels: [Int64], size: Int = 32, channels: Int = 3, pixel: Float = 0
    ) throws {
        let count = channels * size * size
        var random = KeyedRandom(seed: 0, purpose: .augmentation, 0)
        var values = (0..<labels.count * count).map { _ in random.uniform(in: -1..<1) }
        values[2 * count] = pixel
        var writer = SafetensorsWriter()
        writer.add("images", Tensor([labels.count, channels, size, size], values))
        writer.add("labels", integers: labels, shape: [labels.count])
        try writer.write(to: url("\(name).safetensors").path)
    }

    private func writeWeights() throws {
        let weights = try Data(contentsOf: BallastProcess.golden.appending(path: "source.safetensors"))
        try weights.write(to: url("source.safetensors"))
        try weights.prefix(weights.count / 2).write(to: url("cut.safetensors"))
        try weights.prefix(100).write(to: url("cut-header.safetensors"))
        var otherHead = SafetensorsWriter()
        otherHead.add("head.weight", Tensor([5, 64], [Float](repeating: 0, count: 5 * 64)))
        try otherHead.write(to: url("other-head.safetensors").path)
        let source = try SafetensorsFile(contentsOf: url("source.safetensors").path)
        var headless = SafetensorsWriter()
        for name in source.names where !name.hasPrefix("fc.") && !name.hasSuffix("num_batches_tracked") {
            headless.add(name, try source.tensor(name))
        }
        try headless.write(to: url("headless.safetensors").path)
        var noNumber = headless
        let head = try source.tensor("fc.weight")
        noNumber.add(
            "fc.weight", Tensor(head.shape, head.elements.enumerated().map { $0 == 3 ? .nan : $1 }))
        noNumber.add("fc.bias", try source.tensor("fc.bias"))
        try noNumber.write(to: url("no-number-head.safetensors").path)
        var projector = SafetensorsWriter()
        projector.add("projector.weight", Tensor([3, 64], [Float](repeating: 0, count: 3 * 64)))
        try projector.write(to: url("other-projector.safetensors").path)
        var attention = SafetensorsWriter(metadata: ["samples": "0", "version": "1"])
        attention.add("layer1.1.conv2", Tensor([8], [Float](repeating: 0.125, count: 8)))
        try attention.write(to: url("other-attention.safetensors").path)
        var model = SafetensorsWriter(metadata: [
            "format": "pt",
            "ballast": """
            {"network":"vgg","baseWidth":8,"stem":"standard","classNames":["0","1"],"imageSize":[3,32,32],\
            "mean":[0,0,0],"standardDeviation":[1,1,1]}
            """,
        ])
        model.add("fc.bias", Tensor([2], [0, 0]))
        try model.write(to: url("unknown-network.safetensors").path)
    }

    /// The test images of Fashion-MNIST with labels that were cut off or damaged.
    private func writeImages() throws {
        let images = "t10k-images-idx3-ubyte.gz"
        let labels = "t10k-labels-idx1-ubyte.gz"
        let right = try Data(contentsOf: Self.fashionMNIST.appending(path: labels))
        var flipped = right
        for index in flipped.indices where (2500..<2508).contains(index) { flipped[index] ^= 0xFF }
        for (name, content) in [("cut", right.prefix(3000)), ("flipped", flipped)] {
            try FileManager.default.createDirectory(
                at: url(name), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                at: url(name).appending(path: images),
                withDestinationURL: Self.fashionMNIST.appending(path: images))
            try content.write(to: url(name).appending(path: labels))
        }
    }
}
