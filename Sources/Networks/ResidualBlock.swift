internal import Layers
internal import Tensors

/// A stack of convolutions whose result is added to the block's input: `y = relu(f(x) + shortcut(x))`.
///
/// The shortcut is the input itself or, where the extents change, a 1×1 convolution with normalization.
final class ResidualBlock {
    enum Kind: Hashable, Sendable {
        /// 3×3, 3×3.
        case basic
        /// 1×1, 3×3 and 1×1 to four times the width.
        case bottleneck
    }

    let outputChannels: Int
    /// Name of the last convolution.
    let tapName: String
    private let convolutions: [Convolution2D]
    private let convolutionNormalizations: [BatchNormalization]
    private let projection: (convolution: Convolution2D, normalization: BatchNormalization)?

    init(name: String, kind: Kind, inputChannels: Int, width: Int, stride: Int) {
        // Kernel size, output channels and stride of each convolution.
        let plan: [(size: Int, channels: Int, stride: Int)] =
            switch kind {
            case .basic: [(3, width, stride), (3, width, 1)]
            case .bottleneck: [(1, width, 1), (3, width, stride), (1, 4 * width, 1)]
            }
        var channels = inputChannels
        var convolutions: [Convolution2D] = []
        for (index, step) in plan.enumerated() {
            convolutions.append(
                Convolution2D(
                    name: "\(name).conv\(index + 1)", inputChannels: channels, outputChannels: step.channels,
                    size: step.size, settings: .init(stride: step.stride, padding: .init(step.size / 2))))
            channels = step.channels
        }
        self.convolutions = convolutions
        convolutionNormalizations = plan.enumerated().map { index, step in
            BatchNormalization(name: "\(name).bn\(index + 1)", channels: step.channels)
        }
        outputChannels = channels
        tapName = "\(name).conv\(plan.count)"
        if stride != 1 || inputChannels != channels {
            projection = (
                Convolution2D(
                    name: "\(name).downsample.0", inputChannels: inputChannels, outputChannels: channels,
                    size: 1, settings: .init(stride: stride)),
                BatchNormalization(name: "\(name).downsample.1", channels: channels)
            )
        } else {
            projection = nil
        }
    }

    var parameters: [Parameter] {
        zip(convolutions, convolutionNormalizations).flatMap { [$0.weight] + $1.parameters }
            + (projection.map { [$0.convolution.weight] + $0.normalization.parameters } ?? [])
    }

    var normalizations: [BatchNormalization] {
        convolutionNormalizations + (projection.map { [$0.normalization] } ?? [])
    }

    func initialize(seed: UInt64) {
        for convolution in convolutions { convolution.initialize(seed: seed) }
        projection?.convolution.initialize(seed: seed)
    }

    /// The block's output, and on the way there the raw output of its last convolution.
    func callAsFunction(
        _ input: Variable, _ context: ForwardContext
    ) throws -> (output: Variable, map: Variable) {
        let shortcut = try projection.map { try $0.normalization($0.convolution(input, context), context) }
        var x = input
        for (convolution, normalization) in zip(convolutions, convolutionNormalizations).dropLast() {
            x = try normalization(convolution(x, context), rectifying: true, context)
        }
        let last = convolutions.count - 1
        let map = convolutions[last](x, context)
        let output = try convolutionNormalizations[last](
            map, residual: shortcut ?? input, rectifying: true, context)
        return (output, map)
    }

    /// A copy for inference; with the raw output of the last convolution if it is a tap to keep.
    func frozen(keepingMap: Bool) -> FrozenResidualBlock {
        let last = convolutions.count - 1
        let folded = zip(convolutions, convolutionNormalizations).dropLast().map {
            convolution, normalization in
            convolution.frozen(folding: normalization, rectifying: true)
        }
        return FrozenResidualBlock(
            convolutions: folded,
            last: keepingMap
                ? .observable(convolutions[last].frozen(), convolutionNormalizations[last].fixed())
                : .folded(
                    convolutions[last].frozen(folding: convolutionNormalizations[last], rectifying: true)),
            projection: projection.map { $0.convolution.frozen(folding: $0.normalization, rectifying: false) }
        )
    }
}
