public import Tensors

/// A backbone and the linear head that tells classes apart by its features.
public final class Classifier {
    /// Images to features.
    public let backbone: any Backbone
    /// Features to logits.
    public let head: Linear

    /// A classifier with a head of zeros.
    ///
    /// - Parameters:
    ///   - backbone: Images to features.
    ///   - classCount: Number of classes, K.
    public init(backbone: any Backbone, classCount: Int) {
        self.backbone = backbone
        head = Linear(name: backbone.headName, inputs: backbone.featureCount, outputs: classCount)
    }

    /// Number of classes, K.
    public var classCount: Int { head.weight.shape[0] }

    /// Parameters of the backbone, then of the head.
    public var parameters: [Parameter] { backbone.parameters + head.parameters }

    /// `[N, 3, H, W]` to features `[N, F]` and logits `[N, K]`.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func callAsFunction(
        _ images: Variable, _ context: ForwardContext
    ) throws -> (features: Variable, logits: Variable) {
        let features = try backbone.features(images, context)
        return (features, head(features, context))
    }
}
