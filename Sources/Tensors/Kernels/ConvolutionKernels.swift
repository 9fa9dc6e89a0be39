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

        /// Whether the input has so few channels that it is read best as it is.
        var isPicture: Bool { input[1] < 8 && settings.groups == 1 }
    }

    private static let cache = PrimitiveCache<Key, ConvolutionKernels>()

    static func of(_ key: Key) -> ConvolutionKernels { cache.value(for: key) { ConvolutionKernels($0) } }

    let inputLayout: Layout
    let outputLayout: Layout
    let outputShape: Shape
    let forward: LazyPrimitive
    let inputGradient: LazyPrimitive
    let weightGradient: WeightGradient
    /// Orders of the weights that the primitives read and write.
    let forwardWeight: PackedLayout
    let inputGradientWeight: PackedLayout
    let weightGradientWeight: PackedLayout

    private init(_ key: Key) {
        outputShape = key.settings.outputShape(input: key.input, weight: key.weight)
        var best: (descriptions: Descriptions, layouts: (Layout, Layout))?
        for layouts in Self.candidates(key) {
            guard let made = Descriptions(key, input: layouts.0, output: layouts.1, outputShape: outputShape)
            else { continue }
            if best == nil || made.referenceCount < (best?.descriptions.referenceCount ?? 0) {
                best = (made, layouts)
            }
            if made.referenceCount == 0 { break }
        }
        guard let best else {
            fatalError("oneDNN cannot convolve \(key.input) with \(key.weight), \(key.settings)")
        }
        let chosen = best.descriptions
        (inputLayout, outputLayout) = best.layouts
        forward = LazyPrimitive(chosen.forward)
        inputGradient = LazyPrimitive(chosen.inputGradient)
        if let own = chosen.ownWeightGradient {
            weightGradient = .own(own)
            weightGradientWeight = PackedLayout(.dense(key.settings.weightExtents(key.weight)))
        } else {
            weightGradient = .primitive(LazyPrimitive(chosen.weightGradient))
            weightGradientWeight = PackedLayout(chosen.weightGradient.descriptor(dnnl_query_diff_weights_md))
        }
        forwardWeight = PackedLayout(chosen.forward.descriptor(dnnl_query_weights_md))
        inputGradientWeight = PackedLayout(chosen.inputGradient.descriptor(dnnl_query_weights_md))
    }

    /// How the gradient of the weights is computed: by oneDNN, or where that has only a slow way, here.
    enum WeightGradient: Sendable {
        case primitive(LazyPrimitive)
        case own(DepthwiseWeightGradient)

        /// Computes it to the end.
        func run(_ arguments: [Primitive.Argument]) {
            switch self {
            case .primitive(let primitive): primitive.run(arguments)
            case .own(let gradient): gradient.run(arguments)
            }
        }
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

        /// Set where oneDNN has only its last resort for the gradient of the weights.
        let ownWeightGradient: DepthwiseWeightGradient?
        private let isPicture: Bool

        /// Slow implementations among those that are used: nobody asks for the gradient of a picture.
        var referenceCount: Int {
            (forward.isReference ? 1 : 0) + (inputGradient.isReference && !isPicture ? 1 : 0)
                + (weightGradient.isReference && ownWeightGradient == nil ? 1 : 0)
        }

        init?(_ key: Key, input: Layout, output: Layout, outputShape: Shape) {
            let settings = key.settings
            let source = MemoryDescriptor.of(key.input, input)
            let target = MemoryDescriptor.of(outputShape, output)
            let weight = MemoryDescriptor.tagged(settings.weightExtents(key.weight), dnnl_format_tag_any)
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
                    weight.pointer, bias?.pointer, target.pointer, strides, dilations, before, after))
            guard let forward = Primitive.Description(&operation) else { return nil }
            Engine.check(
                "dnnl_dilated_convolution_backward_data_desc_init",
                dnnl_dilated_convolution_backward_data_desc_init(
                    &operation, dnnl_convolution_direct, source.pointer, weight.pointer, target.pointer,
                    strides, dilations, before, after))
            guard let inputGradient = Primitive.Description(&operation, hint: forward) else { return nil }
            Engine.check(
                "dnnl_dilated_convolution_backward_weights_desc_init",
                dnnl_dilated_convolution_backward_weights_desc_init(
                    &operation, dnnl_convolution_direct, source.pointer, weight.pointer, bias?.pointer,
                    target.pointer, strides, dilations, before, after))
            guard let weightGradient = Primitive.Description(&operation, hint: forward) else { return nil }
            self.forward = forward
            self.inputGradient = inputGradient
            self.weightGradient = weightGradient
            isPicture = key.isPicture
            ownWeightGradient =
                weightGradient.isReference
                ? DepthwiseWeightGradient(key, layouts: (input, output), output: outputShape) : nil
        }
    }
}
