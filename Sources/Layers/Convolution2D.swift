public import Tensors

/// A convolution without bias: `y[n, o] = Σ_i x[n, i] ⋆ weight[o, i]`.
public struct Convolution2D: Layer {
    /// Prefix of the parameter's name.
    public let name: String

    /// `[O, I / groups, K, K]`.
    public let weight: Parameter

    /// Stride, padding and groups.
    public let settings: ConvolutionSettings

    /// A convolution whose weights are zero until they are initialized or loaded.
    ///
    /// - Parameters:
    ///   - name: Prefix of the parameter's name.
    ///   - inputChannels: Channels of the input.
    ///   - outputChannels: Channels of the output.
    ///   - size: Rows and columns of the kernel.
    ///   - settings: Stride, padding and groups.
    public init(
        name: String, inputChannels: Int, outputChannels: Int, size: Int, settings: ConvolutionSettings
    ) {
        self.name = name
        weight = Parameter(
            name: name + ".weight", shape: [outputChannels, inputChannels / settings.groups, size, size])
        self.settings = settings
    }

    /// The weights.
    public var parameters: [Parameter] { [weight] }

    /// A convolution of its own with the same weights.
    public func copy() -> Convolution2D {
        let copy = Convolution2D(
            name: name, inputChannels: weight.shape[1] * settings.groups, outputChannels: weight.shape[0],
            size: weight.shape[2], settings: settings)
        copy.weight.variable.assign(weight.variable.value)
        return copy
    }

    /// Draws the weights from a normal distribution of variance `2 / (O · K²)`.
    ///
    /// He et al., Delving deep into rectifiers, ICCV 2015, with the fan-out of a group, as torchvision and timm do.
    public func initialize(seed: UInt64) {
        let shape = weight.shape
        let fanOut = shape[0] / settings.groups * shape[2] * shape[3]
        weight.initializeNormal(deviation: (2 / Float(fanOut)).squareRoot(), seed: seed)
    }

    /// `[N, I, H, W]` to `[N, O, H', W']` of the input's type, or of 32-bit floats where the output is observed.
    public func callAsFunction(_ input: Variable, _ context: ForwardContext) -> Variable {
        let output = context.layer(name) {
            context.tape.convolution(
                input, weight: weight.variable, settings: settings,
                elementType: context.observes(name) ? .float32 : nil)
        }
        context.offer(name, output)
        return output
    }

    /// The convolution alone, for inference, with a copy of its weights.
    public func frozen() -> InferenceConvolution {
        InferenceConvolution(weight: weight.variable.value, settings: settings)
    }

    /// The convolution with the batch normalization behind it, for inference, with copies of their numbers.
    ///
    /// - Parameters:
    ///   - normalization: The layer that follows; its running statistics are used.
    ///   - activation: What follows the normalization, or the addition of a shortcut.
    public func frozen(
        folding normalization: BatchNormalization, activation: Activation
    ) -> InferenceConvolution {
        let folded = normalization.fixed().folded(into: weight.variable.value)
        return InferenceConvolution(
            weight: folded.weight, bias: folded.bias, settings: settings, activation: activation)
    }
}
