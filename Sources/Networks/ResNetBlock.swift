internal import Layers
internal import Tensors

extension ResidualBlock {
    /// What a block of a residual network consists of.
    enum Kind: Hashable, Sendable {
        /// 3×3, 3×3.
        case basic
        /// 1×1, 3×3 and 1×1 to four times the width.
        case bottleneck
    }

    /// A block of a residual network: `y = relu(f(x) + shortcut(x))`.
    convenience init(name: String, kind: Kind, inputChannels: Int, width: Int, stride: Int) {
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
        self.init(
            Array(convolutions.dropLast()), last: convolutions[plan.count - 1], shortcut: shortcut)
    }
}
