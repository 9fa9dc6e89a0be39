internal import Layers
internal import Tensors

/// An EfficientNet-Lite with the names and shapes of timm's `tf_efficientnet_lite0` to `4`: depthwise
/// convolutions, ReLU6, padding as TensorFlow's, no squeeze and excitation, no dropout.
///
/// Tan and Le, EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019; Liu, Higher
/// accuracy on vision models with EfficientNet-Lite, TensorFlow blog, 2020.
public final class EfficientNetLite: StagedNetwork {
    /// How much wider and deeper than the smallest network.
    public struct Architecture: Hashable, Sendable {
        let width: Double
        let depth: Double

        /// A network scaled from the smallest.
        ///
        /// - Parameters:
        ///   - width: Multiplies the channels of all stages, which are then rounded to multiples of 8; the
        ///     first convolution keeps its 32 and the last its 1280.
        ///   - depth: Multiplies the blocks of all stages but the first and the last, rounded up.
        public init(width: Double, depth: Double) {
            precondition(width > 0 && depth > 0, "width \(width), depth \(depth)")
            (self.width, self.depth) = (width, depth)
        }

        /// For images of 224 pixels.
        public static let lite0 = Architecture(width: 1, depth: 1)
        /// For images of 240 pixels.
        public static let lite1 = Architecture(width: 1, depth: 1.1)
        /// For images of 260 pixels.
        public static let lite2 = Architecture(width: 1.1, depth: 1.2)
        /// For images of 280 pixels.
        public static let lite3 = Architecture(width: 1.2, depth: 1.4)
        /// For images of 300 pixels.
        public static let lite4 = Architecture(width: 1.4, depth: 1.8)

        /// The multiple of 8 next to `channels · width`, not more than a tenth below it.
        func scaled(channels: Int) -> Int {
            let exact = Double(channels) * width
            let nearest = max(8, Int(exact + 4) / 8 * 8)
            return Double(nearest) < 0.9 * exact ? nearest + 8 : nearest
        }

        func scaled(blocks: Int) -> Int { Int((Double(blocks) * depth).rounded(.up)) }
    }

    /// Added to variances, as TensorFlow's networks have it.
    static let epsilon = 1e-3

    /// The seven stages' names.
    public static let stageNames = plan.indices.map { "blocks.\($0)" }

    /// Of the smallest network; the first block of a stage has the stride.
    private static let plan: [(blocks: Int, size: Int, stride: Int, expansion: Int, channels: Int)] = [
        (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
    ]

    /// A network whose convolutions are zero until they are initialized or loaded.
    public init(_ architecture: Architecture) {
        var channels = 32
        let stem = NormalizedConvolution(
            name: "conv_stem", normalization: "bn1", inputChannels: 3, outputChannels: channels, size: 3,
            settings: .init(stride: 2, padding: .same), epsilon: EfficientNetLite.epsilon, activation: .relu6)
        let stages = EfficientNetLite.plan.enumerated().map { stage, step in
            let isScaled = stage > 0 && stage < EfficientNetLite.plan.count - 1
            let width = architecture.scaled(channels: step.channels)
            return (0..<(isScaled ? architecture.scaled(blocks: step.blocks) : step.blocks)).map { index in
                let block = ResidualBlock(
                    name: "\(EfficientNetLite.stageNames[stage]).\(index)", inputChannels: channels,
                    outputChannels: width, size: step.size, stride: index == 0 ? step.stride : 1,
                    expansion: step.expansion)
                channels = width
                return block
            }
        }
        let head = NormalizedConvolution(
            name: "conv_head", normalization: "bn2", inputChannels: channels, outputChannels: 1280, size: 1,
            epsilon: EfficientNetLite.epsilon, activation: .relu6)
        super.init(
            headName: "classifier", stageNames: EfficientNetLite.stageNames, first: stem, pooling: nil,
            stages: stages, last: head)
    }
}
