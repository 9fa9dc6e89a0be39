internal import Layers
internal import Tensors

/// A unit that is trained.
struct NormalizedConvolution: ConvolutionUnit {
    let convolution: Convolution2D
    let normalization: BatchNormalization
    /// What follows the normalization, or the addition of a shortcut.
    let activation: Activation

    init(convolution: Convolution2D, normalization: BatchNormalization, activation: Activation) {
        (self.convolution, self.normalization) = (convolution, normalization)
        self.activation = activation
    }

    /// A unit whose convolution is zero until it is initialized or loaded.
    ///
    /// - Parameters:
    ///   - name: Of the convolution in published weights.
    ///   - normalization: The name of its batch normalization.
    ///   - inputChannels: I.
    ///   - outputChannels: O.
    ///   - size: Rows and columns of the kernel.
    ///   - settings: Stride, padding and groups.
    ///   - epsilon: Added to variances.
    ///   - activation: What follows the normalization, or the addition of a shortcut.
    init(
        name: String, normalization: String, inputChannels: Int, outputChannels: Int, size: Int,
        settings: ConvolutionSettings = .init(), epsilon: Double = 1e-5, activation: Activation
    ) {
        self.init(
            convolution: Convolution2D(
                name: name, inputChannels: inputChannels, outputChannels: outputChannels, size: size,
                settings: settings),
            normalization: BatchNormalization(
                name: normalization, channels: outputChannels, epsilon: epsilon),
            activation: activation)
    }

    var name: String { convolution.name }

    var outputChannels: Int { convolution.weight.shape[0] }

    var parameters: [Parameter] { convolution.parameters + normalization.parameters }

    func callAsFunction(
        _ input: Variable, adding shortcut: Variable?, _ context: ForwardContext
    ) throws -> Variable {
        try normalization(
            convolution(input, context), residual: shortcut, activation: activation,
            elementType: input.value.elementType, context)
    }

    /// A unit of its own with the same numbers.
    func copy() -> NormalizedConvolution {
        NormalizedConvolution(
            convolution: convolution.copy(), normalization: normalization.copy(), activation: activation)
    }

    /// The unit for inference, with copies of its numbers.
    ///
    /// - Parameter isSeparate: Whether convolution and normalization stay passes of their own, as where the
    ///   convolution's output can be observed.
    func frozen(isSeparate: Bool) -> FrozenConvolution {
        let form: FrozenConvolution.Form =
            isSeparate
            ? .separate(convolution.frozen(), normalization.fixed(), activation)
            : .folded(convolution.frozen(folding: normalization, activation: activation))
        return FrozenConvolution(name: name, form: form)
    }
}
