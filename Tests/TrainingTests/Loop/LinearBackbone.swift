import Layers
import Tensors

/// The smallest backbone: one linear layer on pixels, `[N, 3, 2, 2]` to `[N, 4]`, and a statistic that nothing reads.
final class LinearBackbone: Backbone {
    let projection = Linear(name: "projection", inputs: 12, outputs: 4)
    let featureCount = 4
    let headName = "fc"

    var parameters: [Parameter] { projection.parameters }
    let layerNames = ["projection"]
    let statistic = Tensor(repeating: 1, [2])
    var buffers: [Buffer] { [Buffer(name: "norm.running_var", tensor: statistic)] }

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
