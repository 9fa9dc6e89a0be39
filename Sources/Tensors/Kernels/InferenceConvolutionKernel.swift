internal import COneDNN

/// The primitive of one convolution that only infers, with the addition and the activation behind it.
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
    let primitive: Primitive
    /// Order of the weights that the primitive reads.
    let weight: PackedLayout

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
        primitive = Primitive(best.description)
        weight = PackedLayout(best.description.descriptor(dnnl_query_weights_md))
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
