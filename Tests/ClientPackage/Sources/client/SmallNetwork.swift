import Layers
import Tensors

/// A network of the client's own: one convolution, batch normalization and ReLU, `[N, 3, H, W]` to `[N, 6]`.
final class SmallNetwork: SpatialBackbone {
    let convolution = Convolution2D(
        name: "conv1", inputChannels: 3, outputChannels: 6, size: 3, settings: .init(padding: .init(1)))
    let normalization = BatchNormalization(name: "bn1", channels: 6)
    let featureCount = 6
    let headName = "fc"
    let poolingName = "avgpool"
    let layerNames = ["conv1", "relu", "avgpool"]

    var parameters: [Parameter] { [convolution.weight] + normalization.parameters }
    var buffers: [Buffer] { normalization.buffers }

    func initialize(seed: UInt64) { convolution.initialize(seed: seed) }

    func featureMap(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        let map = try normalization(convolution(images, context), activation: .relu, context)
        context.offer("relu", map)
        return map
    }

    func copy() -> any Backbone {
        let copy = SmallNetwork()
        copy.assign(from: self)
        return copy
    }
}

/// A pooling of the client's own.
struct MeanPooling: Layer {
    let parameters: [Parameter] = []

    func callAsFunction(_ input: Variable, _ context: ForwardContext) -> Variable {
        context.tape.globalAveragePooling(input)
    }
}
