internal import Layers
internal import Tensors

/// Number and kind of the blocks of a residual network.
public struct ResNetArchitecture: Hashable, Sendable {
    /// What a block consists of.
    enum Kind: Hashable, Sendable {
        /// 3×3, 3×3.
        case basic
        /// 1×1, 3×3 and 1×1 to four times the stage's width.
        case bottleneck
    }

    /// Blocks of each of the four stages.
    let blocks: [Int]
    let kind: Kind

    /// Two 3×3 convolutions a block, 18 layers.
    public static let resNet18 = ResNetArchitecture(blocks: [2, 2, 2, 2], kind: .basic)
    /// Two 3×3 convolutions a block, 34 layers.
    public static let resNet34 = ResNetArchitecture(blocks: [3, 4, 6, 3], kind: .basic)
    /// Bottlenecks, 50 layers.
    public static let resNet50 = ResNetArchitecture(blocks: [3, 4, 6, 3], kind: .bottleneck)
    /// Bottlenecks, 101 layers.
    public static let resNet101 = ResNetArchitecture(blocks: [3, 4, 23, 3], kind: .bottleneck)
    /// Bottlenecks, 152 layers.
    public static let resNet152 = ResNetArchitecture(blocks: [3, 8, 36, 3], kind: .bottleneck)
}

extension StagedNetwork {
    /// A residual network with the names and shapes of torchvision's, its convolutions zero until they are
    /// initialized or loaded.
    ///
    /// You are here: a batch of images comes in from `ImageData`; features go out to the classifier's head in
    /// `Layers`. Next: `Staged/StagedLayers.swift` for the forward pass, `Layers/Convolution2D.swift` and
    /// `Tensors/Operations/Convolution.swift` for what it consists of.
    ///
    /// He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016; with the stride in the
    /// 3×3 convolution of a bottleneck, as in torchvision.
    ///
    /// - Parameters:
    ///   - architecture: Number and kind of blocks.
    ///   - baseWidth: Channels of the first stage; 64 in published weights.
    ///   - stem: How the network begins.
    public static func resNet(
        _ architecture: ResNetArchitecture, baseWidth: Int = 64, stem: NetworkStem = .standard
    ) -> StagedNetwork {
        let (size, stride) = stem.convolution
        let first = NormalizedConvolution(
            name: "conv1", normalization: "bn1", inputChannels: 3, outputChannels: baseWidth, size: size,
            settings: .init(stride: stride, padding: .init(size / 2)), activation: .relu)
        var channels = baseWidth
        let stages = zip(NetworkSpecification.resNetStageNames, architecture.blocks).enumerated().map {
            stage, plan in
            let (name, count) = plan
            return StagedLayers.Stage(
                name: name,
                blocks: (0..<count).map { index in
                    let block = architecture.block(
                        name: "\(name).\(index)", inputChannels: channels, width: baseWidth << stage,
                        stride: stage > 0 && index == 0 ? 2 : 1)
                    channels = block.last.outputChannels
                    return block
                })
        }
        return StagedNetwork(
            headName: "fc",
            layers: StagedLayers(first: first, pooling: stem.pooling, stages: stages, last: nil))
    }
}

extension NetworkSpecification {
    fileprivate static let resNetStageNames = (1...4).map { "layer\($0)" }

    /// A residual network.
    static func resNet(_ architecture: ResNetArchitecture) -> NetworkSpecification {
        NetworkSpecification(
            stageNames: resNetStageNames, pixelNormalization: .imageNet, imageSize: 224, smallestBaseWidth: 1,
            hasStem: true
        ) { StagedNetwork.resNet(architecture, baseWidth: $0.baseWidth, stem: $0.stem) }
    }
}

extension NetworkStem {
    /// Size and stride of the first convolution.
    fileprivate var convolution: (size: Int, stride: Int) {
        switch self {
        case .standard: (7, 2)
        case .small: (3, 1)
        }
    }

    /// What follows the first convolution.
    fileprivate var pooling: PoolingSettings? {
        switch self {
        case .standard: PoolingSettings(.maximum, size: 3, stride: 2, padding: 1)
        case .small: nil
        }
    }
}

extension ResNetArchitecture {
    /// A block: `y = relu(f(x) + shortcut(x))`.
    ///
    /// - Parameter width: Channels of the stage, before the expansion of a bottleneck.
    fileprivate func block(
        name: String, inputChannels: Int, width: Int, stride: Int
    ) -> ResidualBlock<NormalizedConvolution> {
        // Kernel size, output channels and stride of each convolution.
        let plan: [(size: Int, channels: Int, stride: Int)] =
            switch kind {
            case .basic: [(3, width, stride), (3, width, 1)]
            case .bottleneck: [(1, width, 1), (3, width, stride), (1, 4 * width, 1)]
            }
        var channels = inputChannels
        let convolutions = plan.enumerated().map { index, step in
            let convolution = NormalizedConvolution(
                name: "\(name).conv\(index + 1)", normalization: "\(name).bn\(index + 1)",
                inputChannels: channels, outputChannels: step.channels, size: step.size,
                settings: .init(stride: step.stride, padding: .init(step.size / 2)), activation: .relu)
            channels = step.channels
            return convolution
        }
        let shortcut: Shortcut<NormalizedConvolution> =
            stride == 1 && inputChannels == channels
            ? .identity
            : .projection(
                NormalizedConvolution(
                    name: "\(name).downsample.0", normalization: "\(name).downsample.1",
                    inputChannels: inputChannels, outputChannels: channels, size: 1,
                    settings: .init(stride: stride), activation: .none))
        return ResidualBlock(name: name, convolutions, shortcut: shortcut)
    }
}
