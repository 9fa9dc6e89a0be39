internal import Layers
internal import Tensors

/// A stack of convolutions whose result may be added to the block's input:
/// `y = rectified(f(x) + shortcut(x))`.
final class ResidualBlock {
    /// All convolutions but the last.
    private let convolutions: [NormalizedConvolution]
    private let last: NormalizedConvolution
    private let shortcut: Shortcut<NormalizedConvolution>

    /// A block of convolutions, of which the last is the tap of the stage where the block is its last.
    init(
        _ convolutions: [NormalizedConvolution], last: NormalizedConvolution,
        shortcut: Shortcut<NormalizedConvolution>
    ) {
        (self.convolutions, self.last, self.shortcut) = (convolutions, last, shortcut)
    }

    var outputChannels: Int { last.outputChannels }

    /// Name of the last convolution.
    var tapName: String { last.name }

    /// All convolutions, in the order of published weights.
    private var all: [NormalizedConvolution] {
        guard case .projection(let projection) = shortcut else { return convolutions + [last] }
        return convolutions + [last, projection]
    }

    var parameters: [Parameter] { all.flatMap(\.parameters) }

    var normalizations: [BatchNormalization] { all.map(\.normalization) }

    func initialize(seed: UInt64) {
        for unit in all { unit.convolution.initialize(seed: seed) }
    }

    /// The block's output, and on the way there the raw output of its last convolution.
    func callAsFunction(
        _ input: Variable, _ context: ForwardContext
    ) throws -> (output: Variable, map: Variable) {
        let added = try shortcut.added(for: input) { try $0($1, context).output }
        var x = input
        for convolution in convolutions { x = try convolution(x, context).output }
        return try last(x, adding: added, context)
    }

    /// A copy for inference; with the raw output of the last convolution if it is a tap to keep.
    func frozen(keepingMap: Bool) -> FrozenResidualBlock {
        FrozenResidualBlock(
            convolutions: convolutions.map { $0.frozen() },
            last: keepingMap
                ? .observable(last.convolution.frozen(), last.normalization.fixed())
                : .folded(last.frozen()),
            activation: last.activation, shortcut: shortcut.map { $0.frozen() })
    }
}
