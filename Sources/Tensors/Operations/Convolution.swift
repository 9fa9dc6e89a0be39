internal import COneDNN

extension Tape {
    /// Convolution: `y[n, o] = bias[o] + Σ_i x[n, i] ⋆ weight[o, i]` over the input channels of o's group.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - weight: `[O, C / groups, KH, KW]`, a leaf.
    ///   - bias: `[O]`, or nil.
    ///   - settings: Stride, padding and groups.
    ///   - elementType: What the output holds in memory: what `input` holds (nil), or 32-bit floats. The weights are
    ///     rounded to what `input` holds; sums are of 32 bits, and so is the gradient of the weights.
    /// - Returns: `[N, O, H', W']` in the layout that suits the processor best.
    public func convolution(
        _ input: Variable, weight: Variable, bias: Variable? = nil, settings: ConvolutionSettings,
        elementType: ElementType? = nil
    ) -> Variable {
        let kernels = ConvolutionKernels.of(
            .init(
                input: input.shape, inputLayout: input.value.layout, weight: weight.shape,
                hasBias: bias != nil, settings: settings, elementType: input.value.elementType,
                outputType: elementType ?? input.value.elementType))
        // What is kept for the backward pass is no wider than the input.
        let x = input.value.with(layout: kernels.inputLayout)
        let y = kernels.forward(
            x, weight.value(kernels.forwardWeight), bias?.value)
        return record(y, from: [input, weight] + (bias.map { [$0] } ?? [])) { [unowned self] gradient in
            let dy = kernels.operand(gradient, kernels.outputLayout)
            if input.requiresGradient {
                let dx = Tensor(
                    uninitialized: input.shape, layout: kernels.inputLayout, elementType: kernels.operandType)
                kernels.inputGradient(dy, weight.value(kernels.inputGradientWeight), into: dx)
                input.accumulate(dx)
            }
            guard weight.requiresGradient || bias?.requiresGradient == true else { return }
            postpone {
                let db = bias.map { Tensor(uninitialized: $0.shape) }
                weight.accumulate(kernels.weightGradientLayout) { dw in
                    kernels.weightGradient(kernels.operand(x, kernels.inputLayout), dy, into: dw, bias: db)
                }
                if let bias, let db, bias.requiresGradient { bias.accumulate(db) }
            }
        }
    }
}
