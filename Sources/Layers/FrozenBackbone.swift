public import Tensors

/// A backbone that only infers: batch normalization uses the running statistics, and nothing is recorded.
///
/// It owns its weights, so that training the backbone it was made from does not change it.
public protocol FrozenBackbone: AnyObject {
    /// Length of a feature vector, F.
    var featureCount: Int { get }

    /// The layers that were kept, so that their outputs can be observed.
    var layerNames: [String] { get }

    /// `[N, 3, H, W]` to `[N, F]`, and the outputs of layers on the way.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - names: Some of `layerNames`.
    /// - Returns: Features `[N, F]`, and the outputs in the order of `names`.
    /// - Throws: `LayerNameError` where a layer was not kept.
    func features(
        _ images: Tensor, observing names: [String]
    ) throws -> (features: Tensor, outputs: [Tensor])
}

extension FrozenBackbone {
    /// `[N, 3, H, W]` to `[N, F]`.
    ///
    /// - Throws: What a network of one's own throws.
    public func features(_ images: Tensor) throws -> Tensor {
        try features(images, observing: []).features
    }
}

extension Backbone {
    /// A copy in evaluation mode.
    ///
    /// - Throws: `LayerNameError`.
    public func frozen(keeping names: [String]) throws -> any FrozenBackbone {
        try LayerNameError.check(names, among: layerNames)
        return CopiedBackbone(backbone: copy(), layerNames: names)
    }
}

/// The frozen copy of a network that offers no better one.
private final class CopiedBackbone: FrozenBackbone {
    private let backbone: any Backbone
    let layerNames: [String]

    init(backbone: any Backbone, layerNames: [String]) {
        (self.backbone, self.layerNames) = (backbone, layerNames)
    }

    var featureCount: Int { backbone.featureCount }

    func features(
        _ images: Tensor, observing names: [String]
    ) throws -> (features: Tensor, outputs: [Tensor]) {
        try LayerNameError.check(names, among: layerNames)
        let (features, outputs) = try backbone.features(Variable(images), .inference, observing: names)
        return (features.value, outputs.map(\.value))
    }
}
