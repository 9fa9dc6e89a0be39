internal import COneDNN

/// How pooling moves over its input.
public struct PoolingSettings: Hashable, Sendable {
    /// What becomes of a window.
    public enum Kind: Hashable, Sendable {
        /// The largest element.
        case maximum
        /// The mean over the part of the window that lies inside the input.
        case average
    }

    package let kind: Kind
    /// Rows and columns of a window.
    package let size: Int
    package let stride: Int
    package let padding: Int

    /// Square windows of `size`, `stride` apart, over an input with `padding` rows and columns around it.
    public init(_ kind: Kind, size: Int, stride: Int, padding: Int = 0) {
        precondition(
            size > 0 && stride > 0 && padding >= 0 && padding < size, "pooling \(size), \(stride), \(padding)"
        )
        (self.kind, self.size, self.stride, self.padding) = (kind, size, stride, padding)
    }

    package func outputShape(input: Shape) -> Shape {
        precondition(
            input.rank == 4 && input[2] + 2 * padding >= size && input[3] + 2 * padding >= size,
            "pooling windows of \(size) over \(input)")
        return [
            input[0], input[1], (input[2] + 2 * padding - size) / stride + 1,
            (input[3] + 2 * padding - size) / stride + 1,
        ]
    }
}

/// The primitives of one pooling, forward, backward and for inference, compiled for a shape and a layout.
private final class PoolingKernels: @unchecked Sendable {
    struct Key: Hashable, Sendable {
        let input: Shape
        let layout: Layout
        let elementType: ElementType
        let settings: PoolingSettings
        /// How `bfloat16` is computed with, in tests.
        private let forced = BFloat16Route.forced

        init(_ input: Tensor, _ settings: PoolingSettings) {
            (self.input, layout, elementType) = (input.shape, input.layout, input.elementType)
            self.settings = settings
        }

        /// What the primitive for inference reads and writes: narrow numbers where oneDNN can pool them.
        var inferenceType: ElementType {
            forced != .widened && BFloat16Route.native.isPossible ? elementType : .float32
        }
    }

    static let cache = PrimitiveCache<Key, PoolingKernels>()

    let outputShape: Shape
    /// What `inference` reads and writes. The others take 32-bit floats: oneDNN would round each gradient that it adds
    /// where windows overlap.
    let inferenceType: ElementType
    let forward: LazyPrimitive
    let backward: LazyPrimitive
    /// For inference: where the maxima were is not kept.
    let inference: LazyPrimitive
    /// Where the maxima were, for the backward pass.
    let workspace: MemoryDescriptor?

    init(_ key: Key) {
        let settings = key.settings
        let outputShape = settings.outputShape(input: key.input)
        self.outputShape = outputShape
        inferenceType = key.inferenceType
        let algorithm =
            settings.kind == .maximum ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding
        let source = MemoryDescriptor.of(key.input, key.layout)
        let target = MemoryDescriptor.of(outputShape, key.layout)
        let strides = [Int64](repeating: Int64(settings.stride), count: 2)
        let size = [Int64](repeating: Int64(settings.size), count: 2)
        let before = [Int64](repeating: Int64(settings.padding), count: 2)
        // The last window may begin inside and end past the padding, so the far side is computed.
        let after = (2...3).map { axis in
            Int64(
                (outputShape[axis] - 1) * settings.stride + settings.size - key.input[axis]
                    - settings.padding)
        }
        var operation = dnnl_pooling_desc_t()
        Engine.check(
            "dnnl_pooling_forward_desc_init",
            dnnl_pooling_forward_desc_init(
                &operation, dnnl_forward_inference, algorithm,
                MemoryDescriptor.of(key.input, key.layout, inferenceType).pointer,
                MemoryDescriptor.of(outputShape, key.layout, inferenceType).pointer, strides, size, before,
                after))
        guard let inferenceDescription = Primitive.Description(&operation) else {
            fatalError("oneDNN cannot pool \(key.input) for inference")
        }
        Engine.check(
            "dnnl_pooling_forward_desc_init",
            dnnl_pooling_forward_desc_init(
                &operation, dnnl_forward_training, algorithm, source.pointer, target.pointer, strides, size,
                before, after))
        guard let forwardDescription = Primitive.Description(&operation) else {
            fatalError("oneDNN cannot pool \(key.input)")
        }
        Engine.check(
            "dnnl_pooling_backward_desc_init",
            dnnl_pooling_backward_desc_init(
                &operation, algorithm, source.pointer, target.pointer, strides, size, before, after))
        guard let backwardDescription = Primitive.Description(&operation, hint: forwardDescription) else {
            fatalError("oneDNN cannot pool \(key.input) backwards")
        }
        forward = LazyPrimitive(forwardDescription)
        backward = LazyPrimitive(backwardDescription)
        inference = LazyPrimitive(inferenceDescription)
        workspace =
            settings.kind == .maximum ? forwardDescription.descriptor(dnnl_query_workspace_md) : nil
    }
}

extension Tape {
    /// Pooling of `[N, C, H, W]` to `[N, C, H', W']` with `H' = ⌊(H + 2·padding − size) / stride⌋ + 1`.
    public func pooling(_ input: Variable, _ settings: PoolingSettings) -> Variable {
        let x = input.value
        if let maximum = MaximumPooling(x, settings) {
            let (y, places) = maximum.forward(x, notingPlaces: isRecording && input.requiresGradient)
            return record(y, from: [input]) { gradient in
                guard let places else { return }
                input.accumulate(
                    maximum.backward(gradient.with(layout: x.layout).converted(to: x.elementType), places))
            }
        }
        let kernels = PoolingKernels.cache.value(
            for: .init(x, settings), make: PoolingKernels.init)
        let y = Tensor(uninitialized: kernels.outputShape, layout: x.layout)
        let positions = kernels.workspace.map { descriptor in
            Tensor(uninitialized: Shape([(descriptor.byteCount + 3) / 4]))
        }
        let workspace = zip([positions].compactMap { $0 }, [kernels.workspace].compactMap { $0 }).map {
            Primitive.Argument(DNNL_ARG_WORKSPACE, $0, $1)
        }
        kernels.forward.run(
            [.init(DNNL_ARG_SRC, x.converted(to: .float32)), .init(DNNL_ARG_DST, y)] + workspace)
        // The largest of rounded numbers is one of them: nothing is rounded twice.
        return record(y.converted(to: x.elementType), from: [input]) { gradient in
            let dy = gradient.with(layout: x.layout).converted(to: .float32)
            let dx = Tensor(uninitialized: x.shape, layout: x.layout)
            kernels.backward.run(
                [.init(DNNL_ARG_DIFF_DST, dy), .init(DNNL_ARG_DIFF_SRC, dx)] + workspace)
            input.accumulate(dx)
        }
    }
}

extension Tensor {
    /// Pooling of `[N, C, H, W]` to `[N, C, H', W']`, as on a tape, for inference.
    public func pooled(_ settings: PoolingSettings) -> Tensor {
        if let maximum = MaximumPooling(self, settings) {
            return maximum.forward(self, notingPlaces: false).y
        }
        let kernels = PoolingKernels.cache.value(
            for: .init(self, settings), make: PoolingKernels.init)
        let y = Tensor(
            uninitialized: kernels.outputShape, layout: layout, elementType: kernels.inferenceType)
        kernels.inference.run([
            .init(DNNL_ARG_SRC, converted(to: kernels.inferenceType)), .init(DNNL_ARG_DST, y),
        ])
        return y.converted(to: elementType)
    }
}
