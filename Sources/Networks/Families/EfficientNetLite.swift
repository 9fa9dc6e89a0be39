internal import Layers
internal import Tensors

/// How much wider and deeper an EfficientNet-Lite is than the smallest.
public struct EfficientNetLiteScaling: Hashable, Sendable {
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
    public static let lite0 = EfficientNetLiteScaling(width: 1, depth: 1)
    /// For images of 240 pixels.
    public static let lite1 = EfficientNetLiteScaling(width: 1, depth: 1.1)
    /// For images of 260 pixels.
    public static let lite2 = EfficientNetLiteScaling(width: 1.1, depth: 1.2)
    /// For images of 280 pixels.
    public static let lite3 = EfficientNetLiteScaling(width: 1.2, depth: 1.4)
    /// For images of 300 pixels.
    public static let lite4 = EfficientNetLiteScaling(width: 1.4, depth: 1.8)

    func scaled(blocks: Int) -> Int { Int((Double(blocks) * depth).rounded(.up)) }
}

extension StagedNetwork {
    /// An EfficientNet-Lite with the names and shapes of timm's `tf_efficientnet_lite0` to `4`, its convolutions
    /// zero until they are initialized or loaded: depthwise convolutions, ReLU6, padding as TensorFlow's, no
    /// squeeze and excitation, no dropout.
    ///
    /// Tan and Le, EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019; Liu,
    /// Higher accuracy on vision models with EfficientNet-Lite, TensorFlow blog, 2020.
    public static func efficientNetLite(_ scaling: EfficientNetLiteScaling) -> StagedNetwork {
        var channels = 32
        let stem = NormalizedConvolution(
            name: "conv_stem", normalization: "bn1", inputChannels: 3, outputChannels: channels, size: 3,
            settings: .init(stride: 2, padding: .same), epsilon: epsilon, activation: .relu6)
        let blockCounts = blockCounts(scaling)
        let stages = plan.enumerated().map { stage, step in
            let width = ChannelRounding.scaled(step.channels, by: scaling.width)
            let name = NetworkSpecification.efficientNetLiteStageNames[stage]
            return StagedLayers.Stage(
                name: name,
                blocks: (0..<blockCounts[stage]).map { index in
                    let block = block(
                        name: "\(name).\(index)", inputChannels: channels, outputChannels: width,
                        size: step.size, stride: index == 0 ? step.stride : 1, expansion: step.expansion)
                    channels = width
                    return block
                })
        }
        let last = NormalizedConvolution(
            name: "conv_head", normalization: "bn2", inputChannels: channels, outputChannels: 1280, size: 1,
            epsilon: epsilon, activation: .relu6)
        return StagedNetwork(
            headName: "classifier", poolingName: "global_pool",
            layers: StagedLayers(first: stem, pooling: nil, stages: stages, last: last))
    }

    /// Blocks of each stage: the first and the last are not scaled.
    fileprivate static func blockCounts(_ scaling: EfficientNetLiteScaling) -> [Int] {
        plan.enumerated().map { stage, step in
            stage > 0 && stage < plan.count - 1 ? scaling.scaled(blocks: step.blocks) : step.blocks
        }
    }

    /// Added to variances, as TensorFlow's networks have it.
    private static let epsilon = 1e-3

    /// Of the smallest network; the first block of a stage has the stride.
    private static let plan: [(blocks: Int, size: Int, stride: Int, expansion: Int, channels: Int)] = [
        (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
    ]

    /// A 1×1 convolution to `expansion` times the channels, a depthwise one, and a 1×1 convolution without
    /// activation. Without expansion the first is left out and the block is a depthwise separable convolution.
    ///
    /// The input is added where the extents stay the same. Sandler et al., MobileNetV2: inverted residuals and
    /// linear bottlenecks, CVPR 2018.
    private static func block(
        name: String, inputChannels: Int, outputChannels: Int, size: Int, stride: Int, expansion: Int
    ) -> ResidualBlock<NormalizedConvolution> {
        let width = inputChannels * expansion
        let isExpanding = expansion > 1
        var count = 0
        func convolution(
            _ convolution: String, from inputs: Int, to outputs: Int, size: Int = 1,
            settings: ConvolutionSettings = .init(), activation: Activation = .relu6
        ) -> NormalizedConvolution {
            count += 1
            return NormalizedConvolution(
                name: "\(name).\(convolution)", normalization: "\(name).bn\(count)", inputChannels: inputs,
                outputChannels: outputs, size: size, settings: settings, epsilon: epsilon,
                activation: activation)
        }
        let expanding = isExpanding ? [convolution("conv_pw", from: inputChannels, to: width)] : []
        let depthwise = convolution(
            "conv_dw", from: width, to: width, size: size,
            settings: .init(stride: stride, padding: .same, groups: width))
        let last = convolution(
            isExpanding ? "conv_pwl" : "conv_pw", from: width, to: outputChannels, activation: .none)
        return ResidualBlock(
            name: name, expanding + [depthwise, last],
            shortcut: stride == 1 && inputChannels == outputChannels ? .identity : .none)
    }
}

extension NetworkSpecification {
    fileprivate static let efficientNetLiteStageNames = (0..<7).map { "blocks.\($0)" }

    /// An EfficientNet-Lite.
    static func efficientNetLite(
        _ scaling: EfficientNetLiteScaling, imageSize: Int
    ) -> NetworkSpecification {
        NetworkSpecification(
            stageNames: efficientNetLiteStageNames, pixelNormalization: .symmetric, imageSize: imageSize,
            namings: [
                LayerNaming(.timm),
                .efficientNetLitePyTorch(InvertedResidualStages(StagedNetwork.blockCounts(scaling))),
            ]
        ) { _ in StagedNetwork.efficientNetLite(scaling) }
    }
}
