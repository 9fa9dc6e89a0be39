public import Layers
public import Tensors

/// A residual network with the names and shapes of torchvision's.
///
/// You are here: a batch of images comes in from `ImageData`; features go out to the classifier's head in
/// `Layers`. Next: `Layers/Convolution2D.swift` and `Tensors/Operations/Convolution.swift`.
///
/// He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016; with the stride in the
/// 3×3 convolution of a bottleneck, as in torchvision.
public final class ResNet: Backbone {
    /// Number of blocks in each of the four stages, and their kind.
    public struct Architecture: Hashable, Sendable {
        let blocks: [Int]
        let kind: ResidualBlock.Kind

        /// Two 3×3 convolutions a block, 18 layers.
        public static let resNet18 = Architecture(blocks: [2, 2, 2, 2], kind: .basic)
        /// Two 3×3 convolutions a block, 34 layers.
        public static let resNet34 = Architecture(blocks: [3, 4, 6, 3], kind: .basic)
        /// Bottlenecks, 50 layers.
        public static let resNet50 = Architecture(blocks: [3, 4, 6, 3], kind: .bottleneck)
        /// Bottlenecks, 101 layers.
        public static let resNet101 = Architecture(blocks: [3, 4, 23, 3], kind: .bottleneck)
        /// Bottlenecks, 152 layers.
        public static let resNet152 = Architecture(blocks: [3, 8, 36, 3], kind: .bottleneck)
    }

    /// How the network begins.
    public enum Stem: Hashable, Sendable {
        /// 7×7 convolution of stride 2, then max pooling of stride 2: for pictures of about 224 pixels.
        case standard
        /// 3×3 convolution of stride 1, no pooling: for 28 to 64 pixels.
        case small

        /// What follows the first convolution.
        var pooling: PoolingSettings? {
            switch self {
            case .standard: PoolingSettings(.maximum, size: 3, stride: 2, padding: 1)
            case .small: nil
            }
        }
    }

    /// Length of a feature vector: 8 times the base width, and 4 times that with bottlenecks.
    public let featureCount: Int
    /// The classifier's name in torchvision.
    public let headName = "fc"

    private let stem: Stem
    private let firstConvolution: Convolution2D
    private let firstNormalization: BatchNormalization
    private let stages: [[ResidualBlock]]

    /// A network whose convolutions are zero until they are initialized or loaded.
    ///
    /// - Parameters:
    ///   - architecture: Number and kind of blocks.
    ///   - baseWidth: Channels of the first stage; 64 in published weights.
    ///   - stem: How the network begins.
    public init(_ architecture: Architecture, baseWidth: Int = 64, stem: Stem = .standard) {
        self.stem = stem
        firstConvolution =
            switch stem {
            case .standard:
                Convolution2D(
                    name: "conv1", inputChannels: 3, outputChannels: baseWidth, size: 7,
                    settings: .init(stride: 2, padding: .init(3)))
            case .small:
                Convolution2D(
                    name: "conv1", inputChannels: 3, outputChannels: baseWidth, size: 3,
                    settings: .init(padding: .init(1)))
            }
        firstNormalization = BatchNormalization(name: "bn1", channels: baseWidth)
        var channels = baseWidth
        stages = architecture.blocks.enumerated().map { stage, count in
            let width = baseWidth << stage
            return (0..<count).map { index in
                let block = ResidualBlock(
                    name: "layer\(stage + 1).\(index)", kind: architecture.kind, inputChannels: channels,
                    width: width, stride: stage > 0 && index == 0 ? 2 : 1)
                channels = block.outputChannels
                return block
            }
        }
        featureCount = channels
    }

    private var blocks: [ResidualBlock] { stages.flatMap { $0 } }

    /// All trained tensors, in torchvision's order.
    public var parameters: [Parameter] {
        [firstConvolution.weight] + firstNormalization.parameters + blocks.flatMap(\.parameters)
    }

    /// All batch normalizations, in torchvision's order.
    public var normalizations: [BatchNormalization] {
        [firstNormalization] + blocks.flatMap(\.normalizations)
    }

    /// Draws all convolutions anew, from the seed and their names.
    public func initialize(seed: UInt64) {
        firstConvolution.initialize(seed: seed)
        for block in blocks { block.initialize(seed: seed) }
    }

    /// The four stages' ends.
    public var taps: [FeatureTap] { stages.indices.map(FeatureTap.init(stage:)) }

    /// Name of the last convolution of a stage in torchvision, for example `layer3.22.conv3`.
    public func tapName(_ tap: FeatureTap) -> String { tapBlock(tap).tapName }

    /// Channels of the last convolution of a stage.
    public func tapChannels(_ tap: FeatureTap) -> Int { tapBlock(tap).outputChannels }

    private func tapBlock(_ tap: FeatureTap) -> ResidualBlock {
        precondition(stages.indices.contains(tap.stage), "no \(tap) in \(stages.count) stages")
        return stages[tap.stage][stages[tap.stage].count - 1]
    }

    /// `[N, 3, H, W]` to `[N, F]`, and the raw outputs of observed taps.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func features(
        _ images: Variable, _ context: ForwardContext, observing: Set<FeatureTap>
    ) throws -> (features: Variable, maps: [FeatureTap: Variable]) {
        precondition(observing.isSubset(of: taps), "observing \(observing) of \(taps)")
        var x = try firstNormalization(firstConvolution(images, context), rectifying: true, context)
        if let pooling = stem.pooling { x = context.tape.pooling(x, pooling) }
        var maps: [FeatureTap: Variable] = [:]
        for (stage, blocks) in stages.enumerated() {
            let tap = FeatureTap(stage: stage)
            for (index, block) in blocks.enumerated() {
                let result = try block(x, context)
                x = result.output
                if index == blocks.count - 1, observing.contains(tap) { maps[tap] = result.map }
            }
        }
        return (context.tape.globalAveragePooling(x), maps)
    }

    /// A copy for inference, made from the present parameters and running statistics.
    public func frozen(keeping taps: Set<FeatureTap>) -> any FrozenBackbone {
        precondition(taps.isSubset(of: self.taps), "keeping \(taps) of \(self.taps)")
        return FrozenResNet(
            featureCount: featureCount, taps: taps,
            firstConvolution: firstConvolution.frozen(folding: firstNormalization, rectifying: true),
            pooling: stem.pooling,
            stages: stages.enumerated().map { stage, blocks in
                blocks.enumerated().map { index, block in
                    block.frozen(
                        keepingMap: index == blocks.count - 1 && taps.contains(FeatureTap(stage: stage)))
                }
            })
    }
}
