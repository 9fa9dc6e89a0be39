internal import COneDNN

/// One convolution that only infers, with the addition and the activation behind it: by oneDNN, or where there is a faster
/// way, here.
final class InferenceConvolutionKernel: @unchecked Sendable {
    /// Everything that the choice of an implementation depends on.
    struct Key: Hashable, Sendable {
        let convolution: ConvolutionKernels.Key
        let adding: Bool
        let activation: Activation
    }

    private static let cache = PrimitiveCache<Key, InferenceConvolutionKernel>()

    static func of(_ key: Key) -> InferenceConvolutionKernel {
        cache.value(for: key) { InferenceConvolutionKernel($0) }
    }

    let inputLayout: Layout
    let outputLayout: Layout
    let outputShape: Shape
    /// The form in which weights are read.
    let weight: WeightForm
    private let way: Way
    private let activation: Activation

    private enum Way {
        case primitive(Primitive)
        case own(WinogradMap)
    }

    private init(_ key: Key) {
        let convolution = key.convolution
        outputShape = convolution.settings.outputShape(input: convolution.input, weight: convolution.weight)
        var best: (description: Primitive.Description, layouts: (Layout, Layout))?
        for layouts in ConvolutionKernels.candidates(convolution) {
            guard
                let made = Self.description(
                    key, input: layouts.0, output: layouts.1, outputShape: outputShape)
            else { continue }
            if best == nil || !made.isReference { best = (made, layouts) }
            if !made.isReference { break }
        }
        guard let best else {
            fatalError("oneDNN cannot convolve \(convolution.input) with \(convolution.weight) for inference")
        }
        (inputLayout, outputLayout) = best.layouts
        activation = key.activation
        if let own = WinogradMap(.output, convolution, layouts: best.layouts, .float32) {
            way = .own(own)
            weight = WeightForm(layout: .dense, isRounded: false)
        } else {
            way = .primitive(Primitive(best.description))
            let layout = PackedLayout(best.description.descriptor(dnnl_query_weights_md))
            weight = WeightForm(layout: .packed(layout), isRounded: false)
        }
    }

    /// Computes the output.
    ///
    /// - Parameters:
    ///   - x: In the layout `inputLayout`.
    ///   - weight: In the form that `self.weight` names.
    ///   - bias: `[O]`, or nil.
    ///   - added: What is added before the activation, in the layout `outputLayout`, or nil.
    func run(_ x: Tensor, _ weight: Tensor, bias: Tensor?, adding added: Tensor?) -> Tensor {
        let output = Tensor(uninitialized: outputShape, layout: outputLayout)
        switch way {
        case .own(let own):
            own.run(x, weight, output, bias: bias, adding: added, activation: activation)
        case .primitive(let primitive):
            var arguments: [Primitive.Argument] = [
                .init(DNNL_ARG_SRC, x), .init(DNNL_ARG_WEIGHTS, weight), .init(DNNL_ARG_DST, output),
            ]
            if let bias { arguments.append(.init(DNNL_ARG_BIAS, bias)) }
            // The addition is the first of the operations that follow the convolution.
            if let added { arguments.append(.init(conednn_following_source(0), added)) }
            primitive.run(arguments)
        }
        return output
    }

    private static func description(
        _ key: Key, input: Layout, output: Layout, outputShape: Shape
    ) -> Primitive.Description? {
        let convolution = key.convolution
        let settings = convolution.settings
        let sides = settings.sides(input: convolution.input, weight: convolution.weight)
        let source = MemoryDescriptor.of(convolution.input, input)
        let target = MemoryDescriptor.of(outputShape, output)
        let weight = MemoryDescriptor.tagged(
            settings.weightExtents(convolution.weight), dnnl_format_tag_any)
        let bias = convolution.hasBias ? MemoryDescriptor.dense([convolution.weight[0]]) : nil
        var operation = dnnl_convolution_desc_t()
        Engine.check(
            "dnnl_dilated_convolution_forward_desc_init",
            dnnl_dilated_convolution_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_convolution_direct, source.pointer, weight.pointer,
                bias?.pointer, target.pointer, [Int64(settings.stride), Int64(settings.stride)], [0, 0],
                [Int64(sides.top), Int64(sides.left)], [Int64(sides.bottom), Int64(sides.right)]))
        var following: [PostOperation] = []
        if key.adding { following.append(.addition(target)) }
        following.append(.rectification(key.activation))
        return Primitive.Description(&operation, followedBy: following)
    }
}
