internal import Layers
internal import Tensors

/// A unit for inference, made by `NormalizedConvolution.frozen(isSeparate:)`.
struct FrozenConvolution: ConvolutionUnit, Sendable {
    enum Form: Sendable {
        /// The normalization is part of the convolution's weights; the convolution adds the shortcut and applies
        /// the activation. Its raw output does not exist.
        case folded(InferenceConvolution)
        /// Where the convolution's output is needed, the rest is a pass of its own. So it is in a network of lower
        /// precision, which computes to the bit what the trained one does: weights with a normalization in them round
        /// differently.
        case separate(InferenceConvolution, FixedNormalization, Activation)
    }

    let name: String
    let form: Form

    var parameters: [Parameter] { [] }

    func callAsFunction(
        _ input: Variable, adding shortcut: Variable?, _ context: ForwardContext
    ) throws -> Variable {
        switch form {
        case .folded(let convolution):
            return Variable(convolution(input.value, adding: shortcut?.value))
        case .separate(let convolution, let normalization, let activation):
            let map = convolution(input.value, elementType: context.observes(name) ? .float32 : nil)
            context.offer(name, Variable(map))
            return Variable(
                normalization(
                    map, residual: shortcut?.value, activation: activation,
                    elementType: input.value.elementType))
        }
    }
}
