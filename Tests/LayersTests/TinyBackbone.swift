import Foundation
import Layers
import Tensors
import TestSupport

/// The smallest network with every kind of tensor: a convolution and a normalization.
final class TinyBackbone: SpatialBackbone {
    let convolution = Convolution2D(
        name: "conv1", inputChannels: 3, outputChannels: 4, size: 3, settings: .init(padding: .init(1)))
    let normalization = BatchNormalization(name: "bn1", channels: 4)
    let featureCount = 4
    let headName = "fc"

    var parameters: [Parameter] { [convolution.weight] + normalization.parameters }
    var buffers: [Buffer] { normalization.buffers }
    let layerNames = ["conv1", "relu", "avgpool"]

    func initialize(seed: UInt64) { convolution.initialize(seed: seed) }

    func featureMap(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        let map = try normalization(convolution(images, context), activation: .relu, context)
        context.offer("relu", map)
        return map
    }

    let poolingName = "avgpool"

    func copy() -> any Backbone {
        let copy = TinyBackbone()
        copy.assign(from: self)
        return copy
    }
}

/// Calls `body` with a path in a folder that is removed afterwards.
func withTemporaryFile<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    return try body("\(folder.path)/weights.safetensors")
}
