public import Tensors

/// Images to the features that heads read: `f = bottleneck(pooling(backbone(x)))`.
///
/// Without a pooling of one's own the backbone's counts, the mean over positions; without a bottleneck `f` is what
/// the pooling gives.
public struct FeatureExtractor {
    /// The pretrained part.
    public let backbone: any Backbone
    /// Length of a feature vector, F.
    public let featureCount: Int
    /// What is trained beside the backbone at a new layer's rate: the parameters of pooling and bottleneck.
    public var newParameters: [Parameter] { newLayers.flatMap(\.parameters) }

    private let pooling: (any Layer)?
    private let bottleneck: (any Layer)?
    private let featureMap: (Variable, ForwardContext) throws -> Variable

    private init(
        _ backbone: any Backbone, featureCount: Int, pooling: (any Layer)?, bottleneck: (any Layer)?,
        featureMap: @escaping (Variable, ForwardContext) throws -> Variable
    ) {
        (self.backbone, self.featureCount) = (backbone, featureCount)
        (self.pooling, self.bottleneck, self.featureMap) = (pooling, bottleneck, featureMap)
    }

    /// The backbone's own features.
    public init(_ backbone: any Backbone) {
        self.init(
            backbone, featureCount: backbone.featureCount, pooling: nil, bottleneck: nil,
            featureMap: backbone.features)
    }

    /// The backbone's last feature map under a pooling of one's own.
    ///
    /// - Parameters:
    ///   - backbone: The pretrained part.
    ///   - pooling: `[N, C, H, W]` to `[N, F]`.
    ///   - featureCount: F.
    public init(_ backbone: any SpatialBackbone, pooling: any Layer, featureCount: Int) {
        self.init(
            backbone, featureCount: featureCount, pooling: pooling, bottleneck: nil,
            featureMap: backbone.featureMap)
    }

    /// The same with a bottleneck behind it; there must be none yet.
    ///
    /// - Parameters:
    ///   - bottleneck: `[N, F]` to `[N, F']`.
    ///   - featureCount: F'.
    public func followed(by bottleneck: any Layer, featureCount: Int) -> FeatureExtractor {
        precondition(self.bottleneck == nil, "a second bottleneck; use Sequential")
        return FeatureExtractor(
            backbone, featureCount: featureCount, pooling: pooling, bottleneck: bottleneck,
            featureMap: featureMap)
    }

    private var newLayers: [any Layer] { [pooling, bottleneck].compactMap { $0 } }

    /// Parameters of the backbone, then of pooling and bottleneck.
    public var parameters: [Parameter] { backbone.parameters + newParameters }

    /// Buffers of the backbone, then of pooling and bottleneck.
    public var buffers: [Buffer] { backbone.buffers + newLayers.flatMap(\.buffers) }

    /// `[N, 3, H, W]` to `[N, F]`.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func callAsFunction(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        try newLayers.reduce(featureMap(images, context)) { try $1($0, context) }
    }
}
