public import Tensors

/// A backbone whose features are the mean of a feature map over its positions, so that another pooling can take
/// the mean's place.
public protocol SpatialBackbone: Backbone {
    /// `[N, 3, H, W]` to the last feature map, `[N, F, H', W']`.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    func featureMap(_ images: Variable, _ context: ForwardContext) throws -> Variable

    /// Name under which the mean over positions is offered, for example `avgpool`.
    var poolingName: String { get }
}

extension SpatialBackbone {
    /// `[N, 3, H, W]` to `[N, F]`: the mean of the last feature map over its positions.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func features(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        let map = try featureMap(images, context)
        let features = context.layer(poolingName) { context.tape.globalAveragePooling(map) }
        context.offer(poolingName, features)
        return features
    }
}
