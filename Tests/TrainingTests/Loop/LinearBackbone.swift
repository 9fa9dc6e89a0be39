import Layers
import Tensors

/// The smallest backbone: one linear layer on pixels, `[N, 3, 2, 2]` to `[N, 4]`.
final class LinearBackbone: Backbone {
    let projection = Linear(name: "projection", inputs: 12, outputs: 4)
    let featureCount = 4
    let headName = "fc"

    var parameters: [Parameter] { projection.parameters }
    let layerNames = ["projection"]

    func initialize(seed: UInt64) { projection.initialize(seed: seed) }

    func features(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        projection(Variable(images.value.reshaped([images.shape[0], 12])), context)
    }

    func copy() -> any Backbone {
        let copy = LinearBackbone()
        copy.assign(from: self)
        return copy
    }
}
