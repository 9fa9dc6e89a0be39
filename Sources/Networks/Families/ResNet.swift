internal import Layers
internal import Tensors

/// Number and kind of the blocks of a residual network.
public struct ResNetArchitecture: Hashable, Sendable {
    /// What a block consists of.
    enum Kind: Hashable, Sendable {
        /// 3×3, 3×3.
        case basic
        /// 1×1, 3×3 in groups of channels, and 1×1 to four times the stage's width. Of a stage of 64 channels each
        /// group has `groupWidth`, of a wider one proportionally more.
        case bottleneck(groups: Int, groupWidth: Int)
    }

    /// Blocks of each of the four stages.
    let blocks: [Int]
    let kind: Kind

    /// Two 3×3 convolutions a block, 18 layers.
    public static let resNet18 = ResNetArchitecture(blocks: [2, 2, 2, 2], kind: .basic)
    /// Two 3×3 convolutions a block, 34 layers.
    public static let resNet34 = ResNetArchitecture(blocks: [3, 4, 6, 3], kind: .basic)
    /// Bottlenecks, 50 layers.
    public static let resNet50 = ResNetArchitecture(bottlenecks: [3, 4, 6, 3])
    /// Bottlenecks, 101 layers.
    public static let resNet101 = ResNetArchitecture(bottlenecks: [3, 4, 23, 3])
    /// Bottlenecks, 152 layers.
    public static let resNet152 = ResNetArchitecture(bottlenecks: [3, 8, 36, 3])
    /// ResNet-50 with 3×3 convolutions in 32 groups of 4 channels.
    ///
    /// Xie, Girshick, Dollár, Tu and He, Aggregated residual transformations for deep neural networks, CVPR 2017.
    public static let resNeXt50 = ResNetArchitecture(bottlenecks: [3, 4, 6, 3], groups: 32, groupWidth: 4)
    /// ResNet-50 with twice the channels within its bottlenecks.
    ///
    /// Zagoruyko and Komodakis, Wide residual networks, BMVC 2016.
    public static let wideResNet50 = ResNetArchitecture(bottlenecks: [3, 4, 6, 3], groupWidth: 128)

    init(blocks: [Int], kind: Kind) {
        precondition(blocks.count == 4, "\(blocks.count) stages, 4 expected")
        (self.blocks, self.kind) = (blocks, kind)
    }

    /// A network of bottlenecks, as torchvision's `ResNet(Bottleneck, blocks, groups:, width_per_group:)`.
    ///
    /// - Parameters:
    ///   - blocks: Blocks of each of the four stages.
    ///   - groups: Groups of the 3×3 convolutions.
    ///   - groupWidth: Channels of a group in a stage of 64 channels.
    public init(bottlenecks blocks: [Int], groups: Int = 1, groupWidth: Int = 64) {
        self.init(blocks: blocks, kind: .bottleneck(groups: groups, groupWidth: groupWidth))
    }

    /// The smallest base width with at least one channel in each group.
    var smallestBaseWidth: Int {
        switch kind {
        case .basic: 1
        case .bottleneck(_, let groupWidth): (64 + groupWidth - 1) / groupWidth
        }
    }
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
            stageNames: resNetStageNames, pixelNormalization: .imageNet, imageSize: 224,
            smallestBaseWidth: architecture.smallestBaseWidth, hasStem: true,
            namings: [LayerNaming(.torchvision), LayerNaming(.timm)]
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
        let plan = convolutions(width: width, stride: stride)
        var channels = inputChannels
        let convolutions = plan.enumerated().map { index, step in
            let convolution = NormalizedConvolution(
                name: "\(name).conv\(index + 1)", normalization: "\(name).bn\(index + 1)",
                inputChannels: channels, outputChannels: step.channels, size: step.size,
                settings: .init(stride: step.stride, padding: .init(step.size / 2), groups: step.groups),
                activation: .relu)
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

    /// Kernel size, output channels, stride and groups of each convolution of a block.
    private func convolutions(
        width: Int, stride: Int
    ) -> [(size: Int, channels: Int, stride: Int, groups: Int)] {
        switch kind {
        case .basic: return [(3, width, stride, 1), (3, width, 1, 1)]
        case .bottleneck(let groups, let groupWidth):
            let inner = width * groupWidth / 64 * groups
            precondition(inner > 0, "stages of \(width) channels with groups of \(groupWidth) / 64 of them")
            return [(1, inner, 1, 1), (3, inner, stride, groups), (1, 4 * width, 1, 1)]
        }
    }
}
