internal import COneDNN

/// The three primitives of one convolution: forward, and the gradients of its input and its weights.
final class ConvolutionKernels: @unchecked Sendable {
    /// Everything that the choice of an implementation depends on.
    struct Key: Hashable, Sendable {
        let input: Shape
        let inputLayout: Layout
        let weight: Shape
        let hasBias: Bool
        let settings: ConvolutionSettings
        /// What tests prefer to the processor's own block.
        let forcedBlock = ChannelBlock.forced
        /// What the input, the weights and the gradients of input and output are rounded to.
        var elementType = ElementType.float32
        /// What the output is rounded to: `elementType`, or 32 bits.
        var outputType = ElementType.float32
        /// How `bfloat16` is computed with, in tests.
        private let forced = BFloat16Route.forced

        /// Whether the input has so few channels that it is read best as it is.
        var isPicture: Bool { input[1] < 8 && settings.groups == 1 }

        /// What primitives could read and write, in the order in which they are tried.
        fileprivate var operandTypes: [ElementType] {
            guard elementType == .bfloat16 else { return [.float32] }
            switch forced {
            case .widened: return [.float32]
            case .native: return [.bfloat16]
            case nil: return Engine.multipliesBFloat16 ? [.bfloat16, .float32] : [.float32]
            }
        }
    }

    private static let cache = PrimitiveCache<Key, ConvolutionKernels>()

    static func of(_ key: Key) -> ConvolutionKernels { cache.value(for: key) { ConvolutionKernels($0) } }

    let inputLayout: Layout
    let outputLayout: Layout
    let outputShape: Shape
    /// What the primitives read and write: narrow operands where the processor multiplies them by itself. Elsewhere
    /// operands of 8 bits of mantissa are handed to primitives of 32-bit floats, and results are rounded behind them:
    /// products and sums are of 32 bits either way.
    let operandType: ElementType
    private let elementType: ElementType
    private let outputType: ElementType
    private let forwardPass: ConvolutionPass
    private let inputGradientPass: ConvolutionPass
    private let weightGradientPass: ConvolutionPass

    private init(_ key: Key) {
        outputShape = key.settings.outputShape(input: key.input, weight: key.weight)
        (elementType, outputType) = (key.elementType, key.outputType)
        var best: Descriptions?
        for type in key.operandTypes where best?.referenceCount != 0 {
            // A slow primitive of narrow operands is of no use where there is a fast one of wide ones, nor is one that
            // leaves the blocks of channels, which every operation around it works on.
            best = nil
            for layouts in Self.candidates(key) where type == .float32 || layouts.1 != .dense {
                guard let made = Descriptions(key, type, layouts, outputShape: outputShape) else { continue }
                if best == nil || made.referenceCount < (best?.referenceCount ?? 0) { best = made }
                if made.referenceCount == 0 { break }
            }
        }
        guard let chosen = best else {
            fatalError(
                "oneDNN cannot convolve \(key.input) with \(key.weight), \(key.settings), of \(key.elementType)"
            )
        }
        (inputLayout, outputLayout) = chosen.layouts
        operandType = chosen.operandType
        let ownForward =
            key.hasBias ? nil : WinogradMap(.output, key, layouts: chosen.layouts, operandType)
        forwardPass = ConvolutionPass(ownForward, chosen.forward, weight: dnnl_query_weights_md)
        inputGradientPass = ConvolutionPass(
            WinogradMap(.inputGradient, key, layouts: chosen.layouts, operandType), chosen.inputGradient,
            weight: dnnl_query_weights_md)
        weightGradientPass = ConvolutionPass(
            chosen.ownWeightGradient, chosen.weightGradient, weight: dnnl_query_diff_weights_md)
    }

    /// The forms in which weights are read.
    var forwardWeight: WeightForm { form(forwardPass) }
    var inputGradientWeight: WeightForm { form(inputGradientPass) }
    /// What the gradient of the weights is written in.
    var weightGradientLayout: Layout { weightGradientPass.weightLayout }

    private func form(_ pass: ConvolutionPass) -> WeightForm {
        WeightForm(
            layout: pass.weightLayout, isRounded: elementType == .bfloat16 && pass.readsRounded)
    }

    /// A tensor in a layout, rounded to the precision of the convolution, as the primitives read it.
    func operand(_ tensor: Tensor, _ layout: Layout) -> Tensor {
        tensor.with(layout: layout).converted(to: elementType).converted(to: operandType)
    }

    /// The convolution itself, rounded to the type of the output.
    ///
    /// - Parameters:
    ///   - x: In the layout `inputLayout`.
    ///   - weight: In the form `forwardWeight`.
    ///   - bias: 32-bit floats, or nil.
    func forward(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let y = Tensor(
            uninitialized: outputShape, layout: outputLayout,
            elementType: operandType == .bfloat16 ? outputType : .float32)
        let read = operand(x, inputLayout)
        forwardPass.run(
            .init(DNNL_ARG_SRC, read), .init(DNNL_ARG_WEIGHTS, weight), .init(DNNL_ARG_DST, y),
            bias: bias.map { .init(DNNL_ARG_BIAS, $0) })
        return y.converted(to: outputType)
    }

    /// The gradient of the input.
    ///
    /// - Parameters:
    ///   - dy: The gradient of the output as `operand` gives it, in the layout `outputLayout`.
    ///   - weight: In the form `inputGradientWeight`.
    ///   - dx: What is written, in the layout `inputLayout` and of `operandType`.
    func inputGradient(_ dy: Tensor, _ weight: Tensor, into dx: Tensor) {
        inputGradientPass.run(
            .init(DNNL_ARG_DIFF_DST, dy), .init(DNNL_ARG_WEIGHTS, weight), .init(DNNL_ARG_DIFF_SRC, dx))
    }

    /// The gradients of the weights, and of a bias.
    ///
    /// - Parameters:
    ///   - x: The input, in the layout `inputLayout` and of `operandType`.
    ///   - dy: The gradient of the output as `operand` gives it, in the layout `outputLayout`.
    ///   - dw: What is written, in the layout `weightGradientLayout`.
    ///   - db: The gradient of the bias, or nil, which is written too.
    func weightGradient(_ x: Tensor, _ dy: Tensor, into dw: Tensor, bias db: Tensor?) {
        weightGradientPass.run(
            .init(DNNL_ARG_SRC, x), .init(DNNL_ARG_DIFF_DST, dy), .init(DNNL_ARG_DIFF_WEIGHTS, dw),
            bias: db.map { .init(DNNL_ARG_DIFF_BIAS, $0) })
    }

    /// Layouts of input and output in the order in which they are tried: first the one that the input has,
    /// then the widest blocks. Few input channels, as in a picture, are read best as they are.
    static func candidates(_ key: Key) -> [(Layout, Layout)] {
        if let block = key.forcedBlock {
            return [(key.isPicture ? .dense : .blocked(block), .blocked(block))]
        }
        let block = Engine.nativeBlock
        var blocks = block == 16 ? [16, 8] : [8, 16]
        if case .blocked(let given) = key.inputLayout {
            blocks = [given] + blocks.filter { $0 != given }
        }
        var layouts: [(Layout, Layout)] = []
        if key.isPicture {
            layouts += blocks.map { (.dense, .blocked($0)) }
        }
        layouts += blocks.map { (.blocked($0), .blocked($0)) }
        return layouts + [(.dense, .dense)]
    }

    /// The implementations that oneDNN chose for one pair of layouts.
    private struct Descriptions {
        let forward: Primitive.Description
        let inputGradient: Primitive.Description
        let weightGradient: Primitive.Description

        /// Set where oneDNN is slow in computing the gradient of the weights.
        let ownWeightGradient: (any OwnPass)?
        let operandType: ElementType
        let layouts: (Layout, Layout)
        private let isPicture: Bool

        /// Slow implementations among those that are used: nobody asks for the gradient of a picture.
        var referenceCount: Int {
            (forward.isReference ? 1 : 0) + (inputGradient.isReference && !isPicture ? 1 : 0)
                + (weightGradient.isReference && ownWeightGradient == nil ? 1 : 0)
        }

        init?(_ key: Key, _ type: ElementType, _ layouts: (Layout, Layout), outputShape: Shape) {
            let settings = key.settings
            let (input, output) = layouts
            let source = MemoryDescriptor.of(key.input, input, type)
            let target = MemoryDescriptor.of(outputShape, output, type)
            let result = MemoryDescriptor.of(outputShape, output, type == .bfloat16 ? key.outputType : type)
            let extents = settings.weightExtents(key.weight)
            let weight = MemoryDescriptor.tagged(extents, dnnl_format_tag_any, type)
            let weightGradientTarget = MemoryDescriptor.tagged(extents, dnnl_format_tag_any)
            let bias = key.hasBias ? MemoryDescriptor.dense([key.weight[0]]) : nil
            let strides = [Int64(settings.stride), Int64(settings.stride)]
            let dilations: [Int64] = [0, 0]
            let sides = settings.sides(input: key.input, weight: key.weight)
            let before = [Int64(sides.top), Int64(sides.left)]
            let after = [Int64(sides.bottom), Int64(sides.right)]
            var operation = dnnl_convolution_desc_t()
            Engine.check(
                "dnnl_dilated_convolution_forward_desc_init",
                dnnl_dilated_convolution_forward_desc_init(
                    &operation, dnnl_forward_training, dnnl_convolution_direct, source.pointer,
                    weight.pointer,
                    bias?.pointer, result.pointer, strides, dilations, before, after))
            guard let forward = Primitive.Description(&operation) else { return nil }
            Engine.check(
                "dnnl_dilated_convolution_backward_data_desc_init",
                dnnl_dilated_convolution_backward_data_desc_init(
                    &operation, dnnl_convolution_direct, source.pointer, weight.pointer, target.pointer,
                    strides,
                    dilations, before, after))
            guard let inputGradient = Primitive.Description(&operation, hint: forward) else { return nil }
            Engine.check(
                "dnnl_dilated_convolution_backward_weights_desc_init",
                dnnl_dilated_convolution_backward_weights_desc_init(
                    &operation, dnnl_convolution_direct, source.pointer, weightGradientTarget.pointer,
                    bias?.pointer, target.pointer, strides, dilations, before, after))
            guard let weightGradient = Primitive.Description(&operation, hint: forward) else { return nil }
            self.forward = forward
            self.inputGradient = inputGradient
            self.weightGradient = weightGradient
            (operandType, self.layouts, isPicture) = (type, layouts, key.isPicture)
            if weightGradient.isReference {
                ownWeightGradient = DepthwiseWeightGradient(key, layouts: layouts, output: outputShape)
            } else {
                let own: (any OwnPass)? =
                    WinogradWeightGradient(key, layouts: layouts, type)
                    ?? SquareWeightGradient(key, layouts: layouts, type, output: outputShape)
                ownWeightGradient =
                    own ?? PairedSquareWeightGradient(key, layouts: layouts, type, output: outputShape)
                    ?? PointwiseWeightGradient(key, layouts: layouts, type, output: outputShape)
            }
        }
    }
}
