public import Tensors

/// A backbone and the linear head that tells classes apart by its features.
public typealias Classifier = ImageClassifier<Linear>

/// Images to logits: a backbone, perhaps a pooling and a bottleneck of one's own, and a head.
///
/// The counterpart of `tllib.modules.classifier.Classifier`.
public final class ImageClassifier<Head: Layer> {
    /// Images to features.
    public let extractor: FeatureExtractor
    /// Features `[N, F]` to logits `[N, K]`.
    public let head: Head

    /// A classifier of features.
    ///
    /// - Parameters:
    ///   - extractor: Images to features.
    ///   - head: Features to logits.
    public init(_ extractor: FeatureExtractor, head: Head) {
        (self.extractor, self.head) = (extractor, head)
    }

    /// The pretrained part.
    public var backbone: any Backbone { extractor.backbone }

    /// Parameters of backbone, pooling and bottleneck, then of the head.
    public var parameters: [Parameter] { extractor.parameters + head.parameters }

    /// Buffers in the same order.
    public var buffers: [Buffer] { extractor.buffers + head.buffers }

    /// `[N, 3, H, W]` to features `[N, F]` and logits `[N, K]`.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func callAsFunction(
        _ images: Variable, _ context: ForwardContext
    ) throws -> (features: Variable, logits: Variable) {
        let features = try extractor(images, context)
        return (features, try head(features, context))
    }
}

extension ImageClassifier where Head == Linear {
    /// A classifier with a linear head of zeros under the name that published weights give it.
    ///
    /// - Parameters:
    ///   - backbone: Images to features.
    ///   - classCount: Number of classes, K.
    public convenience init(backbone: any Backbone, classCount: Int) {
        self.init(FeatureExtractor(backbone), classCount: classCount)
    }

    /// A classifier of features with a linear head of zeros.
    ///
    /// - Parameters:
    ///   - extractor: Images to features.
    ///   - classCount: Number of classes, K.
    public convenience init(_ extractor: FeatureExtractor, classCount: Int) {
        self.init(
            extractor,
            head: Linear(
                name: extractor.backbone.headName, inputs: extractor.featureCount, outputs: classCount))
    }

    /// Number of classes, K.
    public var classCount: Int { head.weight.shape[0] }
}
