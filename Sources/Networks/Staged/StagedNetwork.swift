public import Layers
public import ModelFiles
public import Tensors

/// A convolutional network of stages: a first convolution, perhaps a pooling, stages of residual blocks, perhaps a
/// last convolution, and the mean over positions.
///
/// Families are functions that say which blocks: `StagedNetwork.resNet`, `.efficientNetLite` and others.
public final class StagedNetwork: SpatialBackbone, ONNXDescribable {
    /// Length of a feature vector.
    public let featureCount: Int
    /// The classifier's name in published weights.
    public let headName: String
    /// Name of the mean over positions.
    public let poolingName: String
    /// Convolutions, blocks and stages, then the pooled features.
    public let layerNames: [String]
    /// The stages, each with its last convolution as tap.
    public let stages: [BackboneStage]

    /// What feature maps, their gradients and the weights that convolutions read are rounded to, between the images and
    /// the mean over positions. Parameters, their gradients, statistics and features are of 32 bits at least. Copies,
    /// frozen ones too, have it from this network. Default: nothing is rounded.
    ///
    /// Micikevicius et al., Mixed precision training, ICLR 2018; Kalamkar et al., A study of BFLOAT16 for deep learning
    /// training, 2019.
    public var precision: ElementType {
        get { layers.precision }
        set { layers.precision = newValue }
    }

    /// Whether what lies inside of the blocks of each stage, and before them, is computed again in the backward pass
    /// instead of kept from the forward pass: less memory, more time, the same bits. A block of which a layer is
    /// observed is kept. Default: false.
    public var isRecomputed: Bool {
        get { layers.isRecomputed }
        set { layers.isRecomputed = newValue }
    }

    private var layers: StagedLayers<NormalizedConvolution>

    /// A network of the given layers.
    ///
    /// - Parameters:
    ///   - headName: The classifier's name in published weights.
    ///   - poolingName: Name of the mean over positions; torchvision's by default.
    ///   - layers: Everything before that mean.
    init(
        headName: String, poolingName: String = "avgpool", layers: StagedLayers<NormalizedConvolution>
    ) {
        (self.headName, self.poolingName, self.layers) = (headName, poolingName, layers)
        let ends = layers.stages.compactMap { stage in stage.blocks.last.map { (stage.name, $0.last) } }
        stages = ends.map { BackboneStage(name: $0, tap: $1.name) }
        featureCount = (layers.last ?? ends.last?.1 ?? layers.first).outputChannels
        layerNames = layers.layerNames + [poolingName]
    }

    /// All trained tensors, in the order of published weights.
    public var parameters: [Parameter] { layers.units.flatMap(\.parameters) }

    /// Running statistics, in the order of published weights.
    public var buffers: [Buffer] { layers.units.flatMap(\.normalization.buffers) }

    /// Draws all convolutions anew, from the seed and their names.
    public func initialize(seed: UInt64) {
        for unit in layers.units { unit.convolution.initialize(seed: seed) }
    }

    /// `[N, 3, H, W]` to the last feature map, `[N, F, H', W']`.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func featureMap(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        try layers(images, context)
    }

    /// Convolutions with their batch normalizations folded into them, activations, sums and poolings.
    public func describe(_ images: ONNXGraph.Value, in graph: inout ONNXGraph) -> ONNXGraph.Value {
        graph.globalAveragePooling(layers.describe(images, in: &graph), name: poolingName)
    }

    /// A network of the same layers with numbers of its own, equal ones.
    public func copy() -> any Backbone {
        StagedNetwork(headName: headName, poolingName: poolingName, layers: layers.map { $0.copy() })
    }

    /// A copy for inference of the same layers. Batch normalization is folded into the convolutions but for those
    /// that are kept, and for all in a network of lower precision; filters of kept convolutions in the blocks can be zeroed (`ChannelAblatable`).
    ///
    /// - Throws: `LayerNameError`.
    public func frozen(keeping names: [String]) throws -> any FrozenBackbone {
        try LayerNameError.check(names, among: layerNames)
        let kept = Set(names)
        return FrozenStagedNetwork(
            featureCount: featureCount, poolingName: poolingName, layerNames: names,
            layers: layers.map { $0.frozen(isSeparate: precision != .float32 || kept.contains($0.name)) })
    }
}
