internal import Layers
internal import Tensors

/// A residual block for inference: `y = rectified(f(x) + shortcut(x))`, with batch normalization folded into
/// the convolutions, and rectification and addition done by the convolutions as well.
struct FrozenResidualBlock: Sendable {
    enum Last: Sendable {
        /// The convolution adds the shortcut and rectifies.
        case folded(InferenceConvolution)
        /// Behind a kept tap the raw output is needed, so normalization, addition and rectification are a
        /// pass of their own.
        case observable(InferenceConvolution, FixedNormalization)
    }

    /// All convolutions but the last.
    let convolutions: [InferenceConvolution]
    let last: Last
    /// What follows the addition.
    let activation: Activation
    let shortcut: Shortcut<InferenceConvolution>

    /// Everything there is at the end of the block: `map` only behind a kept tap, `shortcut` only where
    /// something is added.
    struct Result {
        let map: Tensor?
        let shortcut: Tensor?
        let output: Tensor
    }

    func callAsFunction(_ input: Tensor) -> Result {
        let added = shortcut.added(for: input) { $0($1) }
        var x = input
        for convolution in convolutions { x = convolution(x) }
        switch last {
        case .folded(let convolution):
            return Result(map: nil, shortcut: added, output: convolution(x, adding: added))
        case .observable(let convolution, let normalization):
            let map = convolution(x)
            let output = normalization(map, residual: added, activation: activation)
            return Result(map: map, shortcut: added, output: output)
        }
    }

    /// The normalization behind a kept tap.
    var tapNormalization: FixedNormalization? {
        if case .observable(_, let normalization) = last { normalization } else { nil }
    }
}
