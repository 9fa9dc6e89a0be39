import Layers
import Tensors

/// The smallest backbone: one linear layer on pixels, `[N, 3, 2, 2]` to `[N, 4]`.
final class LinearBackbone: Backbone {
    let projection = Linear(name: "projection", inputs: 12, outputs: 4)
    let featureCount = 4
    let headName = "fc"

    var parameters: [Parameter] { projection.parameters }
    var normalizations: [BatchNormalization] { [] }

    func initialize(seed: UInt64) { projection.initialize(seed: seed) }

    func features(
        _ images: Variable, _ context: ForwardContext, observing: Set<FeatureTap>
    ) throws -> (features: Variable, maps: [FeatureTap: Variable]) {
        let pixels = Variable(images.value.reshaped([images.shape[0], 12]))
        return (projection(pixels, context), [:])
    }

    // Nothing here observes or freezes it.
    let taps: [FeatureTap] = []
    let stageNames: [String] = []
    func tapName(_ tap: FeatureTap) -> String { fatalError("no tap \(tap)") }
    func tapChannels(_ tap: FeatureTap) -> Int { fatalError("no tap \(tap)") }
    func frozen(keeping taps: Set<FeatureTap>) -> any FrozenBackbone { fatalError("never frozen") }
}
