internal import COneDNN

extension Tape {
    /// Convolution: `y[n, o] = bias[o] + Σ_i x[n, i] ⋆ weight[o, i]` over the input channels of o's group.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - weight: `[O, C / groups, KH, KW]`, a leaf.
    ///   - bias: `[O]`, or nil.
    ///   - settings: Stride, padding and groups.
    /// - Returns: `[N, O, H', W']` in the layout that suits the processor best.
    public func convolution(
        _ input: Variable, weight: Variable, bias: Variable? = nil, settings: ConvolutionSettings
    ) -> Variable {
        let kernels = ConvolutionKernels.of(
            .init(
                input: input.shape, inputLayout: input.value.layout, weight: weight.shape,
                hasBias: bias != nil, settings: settings))
        let x = input.value.with(layout: kernels.inputLayout)
        let y = Tensor(uninitialized: kernels.outputShape, layout: kernels.outputLayout)
        var arguments: [Primitive.Argument] = [
            .init(DNNL_ARG_SRC, x),
            .init(DNNL_ARG_WEIGHTS, weight.value(packed: kernels.forwardWeight)),
            .init(DNNL_ARG_DST, y),
        ]
        if let bias { arguments.append(.init(DNNL_ARG_BIAS, bias.value)) }
        kernels.forward.run(arguments)
        return record(y, from: [input, weight] + (bias.map { [$0] } ?? [])) { [unowned self] gradient in
            let dy = gradient.with(layout: kernels.outputLayout)
            if input.requiresGradient {
                let dx = Tensor(uninitialized: input.shape, layout: kernels.inputLayout)
                kernels.inputGradient.run([
                    .init(DNNL_ARG_DIFF_DST, dy),
                    .init(DNNL_ARG_WEIGHTS, weight.value(packed: kernels.inputGradientWeight)),
                    .init(DNNL_ARG_DIFF_SRC, dx),
                ])
                input.accumulate(dx)
            }
            guard weight.requiresGradient || bias?.requiresGradient == true else { return }
            postpone {
                let dw = Tensor(
                    uninitialized: weight.shape, layout: .packed(kernels.weightGradientWeight))
                var arguments: [Primitive.Argument] = [
                    .init(DNNL_ARG_SRC, x), .init(DNNL_ARG_DIFF_DST, dy), .init(DNNL_ARG_DIFF_WEIGHTS, dw),
                ]
                let db = bias.map { Tensor(uninitialized: $0.shape) }
                if let db { arguments.append(.init(DNNL_ARG_DIFF_BIAS, db)) }
                kernels.weightGradient.run(arguments)
                if weight.requiresGradient { weight.accumulate(dw) }
                if let bias, let db, bias.requiresGradient { bias.accumulate(db) }
            }
        }
    }
}
