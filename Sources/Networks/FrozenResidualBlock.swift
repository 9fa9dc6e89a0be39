internal import Layers
internal import Tensors

/// A residual block for inference: `y = relu(f(x) + shortcut(x))`, with batch normalization folded into the
/// convolutions, and ReLU and addition done by the convolutions as well.
struct FrozenResidualBlock: Sendable {
    enum Last: Sendable {
        /// The convolution adds the shortcut and rectifies.
        case folded(InferenceConvolution)
        /// Behind a kept tap the raw output is needed, so normalization, addition and ReLU are a pass of
        /// their own.
        case observable(InferenceConvolution, FixedNormalization)
    }

    /// All convolutions but the last.
    let convolutions: [InferenceConvolution]
    let last: Last
    let projection: InferenceConvolution?

    /// Everything there is at the end of the block; `map` is there only behind a kept tap.
    struct Result {
        let map: Tensor?
        let shortcut: Tensor
        let output: Tensor
    }

    func callAsFunction(_ input: Tensor) -> Result {
        let shortcut = projection.map { $0(input) } ?? input
        var x = input
        for convolution in convolutions { x = convolution(x) }
        switch last {
        case .folded(let convolution):
            return Result(map: nil, shortcut: shortcut, output: convolution(x, adding: shortcut))
        case .observable(let convolution, let normalization):
            let map = convolution(x)
            let output = normalization(map, residual: shortcut, rectifying: true)
            return Result(map: map, shortcut: shortcut, output: output)
        }
    }

    /// The normalization behind a kept tap.
    var tapNormalization: FixedNormalization? {
        if case .observable(_, let normalization) = last { normalization } else { nil }
    }
}
