import Layers
import Networks
import Tensors
import Testing

/// A small network to test with.
struct NetworkCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    private let make: @Sendable () -> any Backbone

    private init(_ description: String, _ make: @escaping @Sendable () -> any Backbone) {
        (testDescription, self.make) = (description, make)
    }

    static let resNets = [
        NetworkCase("ResNet-18, width 8") { ResNet(.resNet18, baseWidth: 8) },
        NetworkCase("ResNet-18, width 16, small stem") { ResNet(.resNet18, baseWidth: 16, stem: .small) },
        // No multiple of a block, so that channels of padding take part.
        NetworkCase("ResNet-18, width 12") { ResNet(.resNet18, baseWidth: 12) },
        NetworkCase("ResNet-50, width 16") { ResNet(.resNet50, baseWidth: 16) },
        NetworkCase("ResNet-50, width 64") { ResNet(.resNet50, baseWidth: 64) },
    ]

    static let efficientNets = [
        NetworkCase("EfficientNet-Lite, width 0.25, depth 0.5") {
            EfficientNetLite(.init(width: 0.25, depth: 0.5))
        },
        // Channels stay the same in the last stage, so that it has a shortcut.
        NetworkCase("EfficientNet-Lite, 8 channels in all stages") {
            EfficientNetLite(.init(width: 0.01, depth: 1))
        },
        NetworkCase("EfficientNet-Lite0") { EfficientNetLite(.lite0) },
    ]

    static let all = resNets + efficientNets

    /// The network with weights, scales, shifts and running statistics of no special value.
    func network() -> any Backbone {
        let network = make()
        network.initialize(seed: 3)
        for (index, layer) in network.normalizations.enumerated() {
            var random = KeyedRandom(seed: 5, purpose: .initialization, index)
            let shape = layer.runningMean.shape
            func draw(_ range: Range<Float>) -> Tensor {
                Tensor(shape, (0..<shape.count).map { _ in random.uniform(in: range) })
            }
            layer.runningMean.copy(from: draw(-0.5..<0.5))
            layer.runningVariance.copy(from: draw(0.3..<2))
            // Some scales are negative, as they are in trained networks.
            layer.weight.variable.assign(draw(-0.3..<1.2))
            layer.bias.variable.assign(draw(-0.4..<0.6))
        }
        if !(network is ResNet) { follow(network) }
        return network
    }

    /// Brings the running statistics near those of a batch. Without that, what the first stages find is lost
    /// on the way through many blocks that are not rectified.
    private func follow(_ network: any Backbone) {
        for layer in network.normalizations {
            layer.runningMean.fill(with: 0)
            layer.runningVariance.fill(with: 1)
        }
        let context = ForwardContext(tape: Tape(recording: false), normalization: .local)
        guard (try? network.features(Variable(images(seed: 1)), context)) != nil else {
            fatalError("a network without ranks failed")
        }
        for layer in network.normalizations {
            layer.runningMean.withMutableElements { for index in $0.indices { $0[index] *= 9 } }
            layer.runningVariance.withMutableElements {
                for index in $0.indices { $0[index] = 12 * ($0[index] - 0.9) + 0.01 }
            }
            layer.batchCount = 0
        }
    }

    /// Three different images of 64 pixels.
    func images(seed: Int = 0) -> Tensor {
        var random = KeyedRandom(seed: 7, purpose: .initialization, seed)
        let shape: Shape = [3, 3, 64, 64]
        return Tensor(shape, (0..<shape.count).map { _ in random.normal() })
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

    /// The same as if one filter of a tap's convolution were zero: by setting the filter to zero, since the
    /// convolution has no bias, and computing all of the network.
    func inferred(_ images: Tensor, zeroing channel: Int, of tap: FeatureTap) throws -> Tensor {
        let name = tapName(tap) + ".weight"
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
