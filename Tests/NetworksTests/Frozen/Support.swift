import Layers
import Networks
import Tensors
import Testing

/// A small network to test with.
struct NetworkCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Convolutions within blocks and at their beginning, to be observed beside the ends of stages.
    let otherTaps: [String]
    private let make: @Sendable () -> any Backbone

    private init(
        _ description: String, _ otherTaps: [String], _ make: @escaping @Sendable () -> any Backbone
    ) {
        (testDescription, self.otherTaps, self.make) = (description, otherTaps, make)
    }

    var isResNet: Bool { testDescription.hasPrefix("Res") }

    static let resNets = [
        NetworkCase("ResNet-18, width 8", ["layer1.0.conv1", "layer2.0.conv2"]) {
            StagedNetwork.resNet(.resNet18, baseWidth: 8)
        },
        NetworkCase("ResNet-18, width 16, small stem", ["layer4.1.conv1"]) {
            StagedNetwork.resNet(.resNet18, baseWidth: 16, stem: .small)
        },
        // No multiple of a block, so that channels of padding take part.
        NetworkCase("ResNet-18, width 12", ["layer3.0.conv1"]) {
            StagedNetwork.resNet(.resNet18, baseWidth: 12)
        },
        NetworkCase("ResNet-50, width 16", ["layer1.0.conv2", "layer4.2.conv1", "layer3.3.conv3"]) {
            StagedNetwork.resNet(.resNet50, baseWidth: 16)
        },
        NetworkCase("ResNeXt, 4 groups", ["layer2.0.conv2", "layer4.0.conv1"]) {
            StagedNetwork.resNet(
                ResNetArchitecture(bottlenecks: [1, 1, 1, 1], groups: 4, groupWidth: 32), baseWidth: 16)
        },
        NetworkCase("ResNet-50, width 64", []) { StagedNetwork.resNet(.resNet50, baseWidth: 64) },
    ]

    static let efficientNets = [
        NetworkCase("EfficientNet-Lite, width 0.25, depth 0.5", ["blocks.5.1.conv_dw", "blocks.6.0.conv_pw"])
        {
            StagedNetwork.efficientNetLite(.init(width: 0.25, depth: 0.5))
        },
        // Channels stay the same in the last stage, so that it has a shortcut.
        NetworkCase("EfficientNet-Lite, 8 channels in all stages", ["blocks.2.1.conv_dw"]) {
            StagedNetwork.efficientNetLite(.init(width: 0.01, depth: 1))
        },
        NetworkCase("EfficientNet-Lite0", []) { StagedNetwork.efficientNetLite(.lite0) },
    ]

    static let mobileNets = [
        NetworkCase("MobileNetV2, width 0.5", ["features.1.conv.0.0", "features.9.conv.1.0"]) {
            StagedNetwork.mobileNetV2(width: 0.5)
        }
    ]

    static let all = resNets + efficientNets + mobileNets

    /// The network with weights, scales, shifts and running statistics of no special value.
    func network() -> any Backbone {
        let network = make()
        network.initialize(seed: 3)
        for (index, layer) in NormalizationTensors.of(network).enumerated() {
            var random = KeyedRandom(seed: 5, purpose: .initialization, index)
            let shape = layer.mean.shape
            func draw(_ range: Range<Float>) -> Tensor {
                Tensor(shape, (0..<shape.count).map { _ in random.uniform(in: range) })
            }
            layer.mean.copy(from: draw(-0.5..<0.5))
            layer.variance.copy(from: draw(0.3..<2))
            // Some scales are negative, as they are in trained networks.
            layer.scale.assign(draw(-0.3..<1.2))
            layer.shift.assign(draw(-0.4..<0.6))
        }
        if !isResNet { follow(network) }
        return network
    }

    /// Brings the running statistics near those of a batch. Without that, what the first stages find is lost
    /// on the way through many blocks that are not rectified.
    private func follow(_ network: any Backbone) {
        let layers = NormalizationTensors.of(network)
        for layer in layers {
            layer.mean.fill(with: 0)
            layer.variance.fill(with: 1)
        }
        let context = ForwardContext(tape: Tape(recording: false), normalization: .local)
        guard (try? network.features(Variable(images(seed: 1)), context)) != nil else {
            fatalError("a network without ranks failed")
        }
        for layer in layers {
            layer.mean.withMutableElements { for index in $0.indices { $0[index] *= 9 } }
            layer.variance.withMutableElements {
                for index in $0.indices { $0[index] = 12 * ($0[index] - 0.9) + 0.01 }
            }
        }
    }

    /// Three different images of 64 pixels.
    func images(seed: Int = 0) -> Tensor {
        var random = KeyedRandom(seed: 7, purpose: .initialization, seed)
        let shape: Shape = [3, 3, 64, 64]
        return Tensor(shape, (0..<shape.count).map { _ in random.normal() })
    }
}

/// The tensors of a batch normalization, found by their published names.
struct NormalizationTensors {
    let mean: Tensor
    let variance: Tensor
    let scale: Variable
    let shift: Variable

    /// Those of a network, in the order of published weights.
    static func of(_ network: any Backbone) -> [NormalizationTensors] {
        let buffers = Dictionary(uniqueKeysWithValues: network.buffers.tensors.map { ($0.name, $0.tensor) })
        let parameters = Dictionary(
            uniqueKeysWithValues: network.parameters.map { ($0.name, $0.variable) })
        return network.buffers.counters.compactMap { name, _ in
            let layer = name.dropLast("num_batches_tracked".count)
            guard let mean = buffers[layer + "running_mean"], let variance = buffers[layer + "running_var"],
                let scale = parameters[layer + "weight"], let shift = parameters[layer + "bias"]
            else { return nil }
            return NormalizationTensors(mean: mean, variance: variance, scale: scale, shift: shift)
        }
    }
}

/// Largest deviation, relative to the largest expected element; infinite where it is not a number or the
/// expectation is all zero, which would prove nothing.
func relativeError(_ tensor: Tensor, _ expected: Tensor) -> Float {
    guard tensor.shape == expected.shape else { return .infinity }
    return relativeError(tensor.elements, expected.elements)
}

func relativeError(_ values: [Float], _ expected: [Float]) -> Float {
    let deviations = zip(values, expected).map { abs($0 - $1) }
    let largest = expected.map { abs($0) }.max() ?? 0
    guard values.count == expected.count, largest > 0, deviations.allSatisfy(\.isFinite) else {
        return .infinity
    }
    return (deviations.max() ?? .infinity) / largest
}

extension Backbone {
    /// Features in inference mode, by the ordinary operations.
    func inferred(_ images: Tensor) throws -> Tensor {
        try features(Variable(images), .inference).value
    }

    /// The same as if one filter of a convolution were zero: by setting the filter to zero, since the
    /// convolution has no bias, and computing all of the network.
    func inferred(_ images: Tensor, zeroing channel: Int, of convolution: String) throws -> Tensor {
        let name = convolution + ".weight"
        guard let weight = parameters.first(where: { $0.name == name }) else {
            throw MissingParameter(name: name)
        }
        let original = weight.variable.value.elements
        let filterCount = weight.count / weight.shape[0]
        var changed = original
        for index in channel * filterCount..<(channel + 1) * filterCount { changed[index] = 0 }
        weight.variable.assign(Tensor(weight.shape, changed))
        defer { weight.variable.assign(Tensor(weight.shape, original)) }
        return try inferred(images)
    }
}

struct MissingParameter: Error {
    let name: String
}
