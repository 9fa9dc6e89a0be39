import Foundation
import Layers
import Tensors
import TestSupport

/// The smallest network with every kind of tensor: a convolution and a normalization.
final class TinyBackbone: Backbone {
    let convolution = Convolution2D(
        name: "conv1", inputChannels: 3, outputChannels: 4, size: 3, settings: .init(padding: .init(1)))
    let normalization = BatchNormalization(name: "bn1", channels: 4)
    let featureCount = 4
    let headName = "fc"

    var parameters: [Parameter] { [convolution.weight] + normalization.parameters }
    var normalizations: [BatchNormalization] { [normalization] }

    func initialize(seed: UInt64) { convolution.initialize(seed: seed) }

    func features(
        _ images: Variable, _ context: ForwardContext, observing: Set<FeatureTap>
    ) throws -> (features: Variable, maps: [FeatureTap: Variable]) {
        let map = try normalization(convolution(images, context), activation: .relu, context)
        return (context.tape.globalAveragePooling(map), [:])
    }

    // The tests of layers look at no feature maps and freeze nothing.
    let taps: [FeatureTap] = []
    let stageNames: [String] = []
    func tapName(_ tap: FeatureTap) -> String { fatalError("no tap \(tap)") }
    func tapChannels(_ tap: FeatureTap) -> Int { fatalError("no tap \(tap)") }
    func frozen(keeping taps: Set<FeatureTap>) -> any FrozenBackbone { fatalError("never frozen") }
}

/// Calls `body` with a path in a folder that is removed afterwards.
func withTemporaryFile<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    return try body("\(folder.path)/weights.safetensors")
}
