/// A convolution whose weights never change, with what follows it done in the same pass over memory:
/// `y[n, o] = activation(bias[o] + Σ_i x[n, i] ⋆ weight[o, i] + added[n, o])`.
public struct InferenceConvolution: Sendable {
    private let weight: PackedWeight
    private let bias: Tensor?
    private let settings: ConvolutionSettings
    private let activation: Activation

    /// A convolution with copies of the given numbers.
    ///
    /// - Parameters:
    ///   - weight: `[O, C / groups, KH, KW]`.
    ///   - bias: `[O]`, or nil.
    ///   - settings: Stride, padding and groups.
    ///   - activation: What follows, after the addition if there is one.
    public init(
        weight: Tensor, bias: Tensor? = nil, settings: ConvolutionSettings, activation: Activation = .none
    ) {
        precondition(
            bias == nil || bias?.shape == [weight.shape[0]], "bias of another length than \(weight.shape)")
        self.weight = PackedWeight(copying: weight)
        self.bias = bias?.duplicate()
        self.settings = settings
        self.activation = activation
    }

    /// `[N, C, H, W]` to `[N, O, H', W']`.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`. Of `bfloat16`, the convolution must be without bias and activation, and computes
    ///     to the bit what `Tape.convolution` does.
    ///   - added: `[N, O, H', W']` to add before activation, or nil; only read.
    ///   - elementType: What the output holds in memory: what `input` holds (nil), or 32-bit floats.
    public func callAsFunction(
        _ input: Tensor, adding added: Tensor? = nil, elementType: ElementType? = nil
    ) -> Tensor {
        guard input.elementType == .float32 else {
            precondition(
                bias == nil && added == nil && activation == .none,
                "a convolution of \(input.elementType) is followed by a normalization, not joined with it")
            return plain(input, elementType: elementType ?? input.elementType)
        }
        let kernel = InferenceConvolutionKernel.of(
            .init(
                convolution: .init(
                    input: input.shape, inputLayout: input.layout, weight: weight.shape,
                    hasBias: bias != nil, settings: settings),
                adding: added != nil, activation: activation))
        precondition(
            added == nil || added?.shape == kernel.outputShape,
            "cannot add another shape to \(kernel.outputShape)")
        return kernel.run(
            input.with(layout: kernel.inputLayout), weight.value(kernel.weight), bias: bias,
            adding: added?.with(layout: kernel.outputLayout))
    }

    /// The convolution alone, as the trained network computes it.
    private func plain(_ input: Tensor, elementType: ElementType) -> Tensor {
        let kernels = ConvolutionKernels.of(
            .init(
                input: input.shape, inputLayout: input.layout, weight: weight.shape, hasBias: false,
                settings: settings, elementType: input.elementType, outputType: elementType))
        return kernels.forward(
            input.with(layout: kernels.inputLayout),
            weight.value(kernels.forwardWeight), nil)
    }
}
