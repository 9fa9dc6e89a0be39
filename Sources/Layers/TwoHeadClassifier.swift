public import Tensors

/// Images to the logits of source and target classes: one backbone, perhaps a pooling and a bottleneck of one's
/// own, and two heads on the same features.
///
/// The counterpart of the classifier of `tllib.regularization.co_tuning` and of `tllib.regularization.lwf`. You,
/// Kou, Long and Wang, Co-Tuning for transfer learning, NeurIPS 2020; Li and Hoiem, Learning without forgetting,
/// ECCV 2016.
public final class TwoHeadClassifier {
    /// Images to features.
    public let extractor: FeatureExtractor
    /// Features `[N, F]` to logits of the classes that the backbone was pretrained on, `[N, S]`.
    public let sourceHead: any Layer
    /// Features `[N, F]` to logits of the new classes, `[N, K]`.
    public let targetHead: any Layer

    /// A classifier with two heads.
    ///
    /// - Parameters:
    ///   - extractor: Images to features.
    ///   - sourceHead: The pretrained network's own classifier; a linear one has the shape `[S, F]`.
    ///   - targetHead: A new one.
    public init(_ extractor: FeatureExtractor, sourceHead: any Layer, targetHead: any Layer) {
        (self.extractor, self.sourceHead, self.targetHead) = (extractor, sourceHead, targetHead)
    }

    /// The pretrained part.
    public var backbone: any Backbone { extractor.backbone }

    /// Parameters of backbone, pooling and bottleneck, of the source head, then of the target head.
    public var parameters: [Parameter] {
        extractor.parameters + sourceHead.parameters + targetHead.parameters
    }

    /// Buffers in the same order.
    public var buffers: [Buffer] { extractor.buffers + sourceHead.buffers + targetHead.buffers }

    /// `[N, 3, H, W]` to features `[N, F]` and the logits of both heads.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func callAsFunction(
        _ images: Variable, _ context: ForwardContext
    ) throws -> (features: Variable, source: Variable, target: Variable) {
        let features = try extractor(images, context)
        return (features, try sourceHead(features, context), try targetHead(features, context))
    }
}
