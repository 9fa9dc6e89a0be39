internal import Layers
internal import Tensors

/// A convolution without bias, its batch normalization and what follows: `y = rectified(normalized(x ⋆ w))`.
struct NormalizedConvolution {
    /// Name of the convolution in published weights.
    let name: String
    let convolution: Convolution2D
    let normalization: BatchNormalization
    /// What follows the normalization, or the addition of a shortcut.
    let activation: Activation

    init(
        name: String, normalization: String, inputChannels: Int, outputChannels: Int, size: Int,
        settings: ConvolutionSettings = .init(), epsilon: Double = 1e-5, activation: Activation
    ) {
        self.name = name
        convolution = Convolution2D(
            name: name, inputChannels: inputChannels, outputChannels: outputChannels, size: size,
            settings: settings)
        self.normalization = BatchNormalization(
            name: normalization, channels: outputChannels, epsilon: epsilon)
        self.activation = activation
    }

    var outputChannels: Int { convolution.weight.shape[0] }

    var parameters: [Parameter] { [convolution.weight] + normalization.parameters }

    /// The result, and on the way there the raw output of the convolution.
    func callAsFunction(
        _ input: Variable, adding shortcut: Variable? = nil, _ context: ForwardContext
    ) throws -> (output: Variable, map: Variable) {
        let map = convolution(input, context)
        let output = try normalization(map, residual: shortcut, activation: activation, context)
        return (output, map)
    }

    /// All of it as one convolution, for inference.
    func frozen() -> InferenceConvolution {
        convolution.frozen(folding: normalization, activation: activation)
    }
}
