internal import Layers
internal import Tensors

/// A unit for inference, made by `NormalizedConvolution.frozen(keepingOutput:)`.
struct FrozenConvolution: ConvolutionUnit, Sendable {
    enum Form: Sendable {
        /// The normalization is part of the convolution's weights; the convolution adds the shortcut and applies
        /// the activation. Its raw output does not exist.
        case folded(InferenceConvolution)
        /// Where the convolution's output is needed, the rest is a pass of its own.
        case separate(InferenceConvolution, FixedNormalization, Activation)
    }

    let name: String
    let form: Form

    func callAsFunction(
        _ input: Variable, adding shortcut: Variable?, _ context: ForwardContext
    ) throws -> Variable {
        switch form {
        case .folded(let convolution):
            return Variable(convolution(input.value, adding: shortcut?.value))
        case .separate(let convolution, let normalization, let activation):
            let map = convolution(input.value)
            context.offer(name, Variable(map))
            return Variable(normalization(map, residual: shortcut?.value, activation: activation))
        }
    }
}
