internal import Layers
internal import Tensors

/// A residual network with the names and shapes of torchvision's.
///
/// You are here: a batch of images comes in from `ImageData`; features go out to the classifier's head in
/// `Layers`. Next: `Layers/Convolution2D.swift` and `Tensors/Operations/Convolution.swift`.
///
/// He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016; with the stride in the
/// 3×3 convolution of a bottleneck, as in torchvision.
public final class ResNet: StagedNetwork {
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

        /// Size and stride of the first convolution.
        var convolution: (size: Int, stride: Int) {
            switch self {
            case .standard: (7, 2)
            case .small: (3, 1)
            }
        }

        /// What follows the first convolution.
        var pooling: PoolingSettings? {
            switch self {
            case .standard: PoolingSettings(.maximum, size: 3, stride: 2, padding: 1)
            case .small: nil
            }
        }
    }

    /// The four stages' names.
    public static let stageNames = (1...4).map { "layer\($0)" }

    /// A network whose convolutions are zero until they are initialized or loaded.
    ///
    /// - Parameters:
    ///   - architecture: Number and kind of blocks.
    ///   - baseWidth: Channels of the first stage; 64 in published weights.
    ///   - stem: How the network begins.
    public init(_ architecture: Architecture, baseWidth: Int = 64, stem: Stem = .standard) {
        let (size, stride) = stem.convolution
        let first = NormalizedConvolution(
            name: "conv1", normalization: "bn1", inputChannels: 3, outputChannels: baseWidth, size: size,
            settings: .init(stride: stride, padding: .init(size / 2)), activation: .relu)
        var channels = baseWidth
        let stages = architecture.blocks.enumerated().map { stage, count in
            (0..<count).map { index in
                let block = ResidualBlock(
                    name: "\(ResNet.stageNames[stage]).\(index)", kind: architecture.kind,
                    inputChannels: channels, width: baseWidth << stage,
                    stride: stage > 0 && index == 0 ? 2 : 1)
                channels = block.outputChannels
                return block
            }
        }
        super.init(
            headName: "fc", stageNames: ResNet.stageNames, first: first, pooling: stem.pooling,
            stages: stages, last: nil)
    }
}
