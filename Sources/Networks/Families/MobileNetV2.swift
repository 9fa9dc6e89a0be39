internal import Layers
internal import Tensors

extension StagedNetwork {
    /// A MobileNetV2 with the names and shapes of torchvision's, its convolutions zero until they are initialized
    /// or loaded: inverted residuals, depthwise convolutions, ReLU6; without dropout.
    ///
    /// Sandler, Howard, Zhu, Zhmoginov and Chen, MobileNetV2: inverted residuals and linear bottlenecks, CVPR 2018.
    ///
    /// - Parameter width: Multiplies the channels of all layers, which are then rounded to multiples of 8; the last
    ///   convolution keeps its 1280 where the width is less than 1.
    public static func mobileNetV2(width: Double = 1) -> StagedNetwork {
        func scaled(_ channels: Int) -> Int { ChannelRounding.scaled(channels, by: width) }
        var channels = scaled(32)
        let first = unit(
            "features.0.0", "features.0.1", from: 3, to: channels, size: 3,
            settings: .init(stride: 2, padding: .init(1)))
        var index = 0
        let stages = plan.map { step in
            let blocks = (0..<step.blocks).map { place in
                index += 1
                let block = block(
                    "features.\(index)", from: channels, to: scaled(step.channels),
                    stride: place == 0 ? step.stride : 1, expansion: step.expansion)
                channels = scaled(step.channels)
                return block
            }
            return StagedLayers.Stage(name: "features.\(index)", blocks: blocks)
        }
        let last = unit(
            "features.\(index + 1).0", "features.\(index + 1).1", from: channels,
            to: ChannelRounding.scaled(1280, by: max(1, width)))
        return StagedNetwork(
            headName: "classifier.1",
            layers: StagedLayers(first: first, pooling: nil, stages: stages, last: last))
    }

    /// Blocks of one width; the first of them has the stride.
    private static let plan: [(blocks: Int, stride: Int, expansion: Int, channels: Int)] = [
        (1, 1, 1, 16), (2, 2, 6, 24), (3, 2, 6, 32), (4, 2, 6, 64), (3, 1, 6, 96), (3, 2, 6, 160),
        (1, 1, 6, 320),
    ]

    fileprivate static var mobileNetV2BlockCounts: [Int] { plan.map(\.blocks) }

    private static func unit(
        _ name: String, _ normalization: String, from inputs: Int, to outputs: Int, size: Int = 1,
        settings: ConvolutionSettings = .init(), activation: Activation = .relu6
    ) -> NormalizedConvolution {
        NormalizedConvolution(
            name: name, normalization: normalization, inputChannels: inputs, outputChannels: outputs,
            size: size,
            settings: settings, activation: activation)
    }

    /// A 1×1 convolution to `expansion` times the channels, which is left out where that is one, a depthwise one,
    /// and a 1×1 convolution without activation. The input is added where the extents stay the same.
    private static func block(
        _ name: String, from inputs: Int, to outputs: Int, stride: Int, expansion: Int
    ) -> ResidualBlock<NormalizedConvolution> {
        let width = inputs * expansion
        let expanding =
            expansion == 1 ? [] : [unit("\(name).conv.0.0", "\(name).conv.0.1", from: inputs, to: width)]
        let place = expanding.count
        let depthwise = unit(
            "\(name).conv.\(place).0", "\(name).conv.\(place).1", from: width, to: width, size: 3,
            settings: .init(stride: stride, padding: .init(1), groups: width))
        let last = unit(
            "\(name).conv.\(place + 1)", "\(name).conv.\(place + 2)", from: width, to: outputs,
            activation: .none)
        return ResidualBlock(
            name: name, expanding + [depthwise, last],
            shortcut: stride == 1 && inputs == outputs ? .identity : .none)
    }
}

extension NetworkSpecification {
    /// A MobileNetV2. torchvision names no stages; the last block of each width stands for them.
    static let mobileNetV2 = NetworkSpecification(
        stageNames: [1, 3, 6, 10, 13, 16, 17].map { "features.\($0)" }, pixelNormalization: .imageNet,
        imageSize: 224,
        namings: [
            LayerNaming(.torchvision), .timm(InvertedResidualStages(StagedNetwork.mobileNetV2BlockCounts)),
        ]
    ) { _ in StagedNetwork.mobileNetV2() }
}
