internal import COneDNN
internal import Foundation

/// Copies between layouts and between types of elements, optionally adding to what is there.
enum Reorder {
    private struct Key: Hashable, Sendable {
        let shape: [Int]
        let source: Layout
        let sourceType: ElementType
        let target: Layout
        let targetType: ElementType
        let accumulating: Bool
    }

    private static let cache = PrimitiveCache<Key, Primitive>()

    /// Writes `source` to `target` or, when accumulating, adds it. Both have the same number of elements.
    ///
    /// Elements of a narrower target are rounded to the nearest, sums once they are added.
    static func run(from source: Tensor, into target: Tensor, accumulating: Bool) {
        precondition(source.count == target.count, "reorder from \(source.shape) to \(target.shape)")
        if source.layout == target.layout, source.shape == target.shape {
            return runInOrder(from: source, into: target, accumulating: accumulating)
        }
        if isBetterWide(source, target, accumulating) {
            let ordered = Tensor(uninitialized: target.shape, layout: target.layout)
            run(from: source.converted(to: .float32), into: ordered, accumulating: false)
            return runInOrder(from: ordered, into: target, accumulating: accumulating)
        }
        // Weights of groups carry one dimension more in oneDNN's eyes; the packed side names it.
        let shape: [Int] =
            if case .packed(let packed) = source.layout {
                packed.descriptor.shape
            } else if case .packed(let packed) = target.layout {
                packed.descriptor.shape
            } else {
                source.shape.dimensions
            }
        let key = Key(
            shape: shape, source: source.layout, sourceType: source.elementType, target: target.layout,
            targetType: target.elementType, accumulating: accumulating)
        let primitive = cache.value(for: key, make: make)
        primitive.run([
            .init(DNNL_ARG_FROM, source, descriptor(shape, source.layout, source.elementType)),
            .init(DNNL_ARG_TO, target, descriptor(shape, target.layout, target.elementType)),
        ])
    }

    /// Whether feature maps of narrow elements are reordered as 32-bit floats: oneDNN would round what it adds first,
    /// and where it has no fast primitives for them it reorders one element at a time.
    private static func isBetterWide(_ source: Tensor, _ target: Tensor, _ accumulating: Bool) -> Bool {
        for case .packed in [source.layout, target.layout] { return false }
        let types = [source.elementType, target.elementType]
        return types.contains(.bfloat16)
            && (!Engine.hasBFloat16Primitives || accumulating && target.elementType == .bfloat16)
    }

    /// The same where both have the same order.
    private static func runInOrder(from source: Tensor, into target: Tensor, accumulating: Bool) {
        if source.elementType == target.elementType, !accumulating {
            let width = source.elementType.byteCount
            let (from, to) = (source.memory, target.memory)
            parallelRanges(source.storedCount) { range in
                memcpy(to + range.lowerBound * width, from + range.lowerBound * width, range.count * width)
            }
            return withExtendedLifetime((source, target)) {}
        }
        switch (source.elementType, target.elementType) {
        case (.float32, .float32): runInOrder(source, target, accumulating, Float.self, Float.self)
        case (.float32, .bfloat16): runInOrder(source, target, accumulating, Float.self, BFloat16.self)
        case (.bfloat16, .float32): runInOrder(source, target, accumulating, BFloat16.self, Float.self)
        case (.bfloat16, .bfloat16): runInOrder(source, target, accumulating, BFloat16.self, BFloat16.self)
        }
    }

    private static func runInOrder<From: StoredElement, To: StoredElement>(
        _ source: Tensor, _ target: Tensor, _ accumulating: Bool, _: From.Type, _: To.Type
    ) {
        let from = UnsafePointer(source.pointer(to: From.self))
        let to = target.pointer(to: To.self)
        parallelRanges(source.storedCount) { range in
            let vectors = range.lowerBound + range.count / 8 * 8
            for index in stride(from: range.lowerBound, to: vectors, by: 8) {
                let addend = From.load(from, index)
                To.store(accumulating ? To.load(UnsafePointer(to), index) + addend : addend, to, index)
            }
            for index in vectors..<range.upperBound {
                let addend = from[index].widened
                to[index] = To(rounding: accumulating ? to[index].widened + addend : addend)
            }
        }
        withExtendedLifetime((source, target)) {}
    }

    private static func descriptor(
        _ shape: [Int], _ layout: Layout, _ elementType: ElementType
    ) -> MemoryDescriptor {
        layout == .dense ? .dense(shape, elementType) : .of(Shape(shape), layout, elementType)
    }

    private static func make(_ key: Key) -> Primitive {
        var attributes: dnnl_primitive_attr_t?
        Engine.check("dnnl_primitive_attr_create", dnnl_primitive_attr_create(&attributes))
        defer { dnnl_primitive_attr_destroy(attributes) }
        Engine.check(
            "dnnl_primitive_attr_set_scratchpad_mode",
            dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user))
        var operations: dnnl_post_ops_t?
        Engine.check("dnnl_post_ops_create", dnnl_post_ops_create(&operations))
        defer { dnnl_post_ops_destroy(operations) }
        if key.accumulating {
            Engine.check("dnnl_post_ops_append_sum", dnnl_post_ops_append_sum(operations, 1))
            Engine.check(
                "dnnl_primitive_attr_set_post_ops", dnnl_primitive_attr_set_post_ops(attributes, operations))
        }
        let engine = Engine.shared.engine
        var created: dnnl_primitive_desc_t?
        Engine.check(
            "dnnl_reorder_primitive_desc_create",
            dnnl_reorder_primitive_desc_create(
                &created, descriptor(key.shape, key.source, key.sourceType).pointer, engine,
                descriptor(key.shape, key.target, key.targetType).pointer, engine, attributes))
        guard let created else { fatalError("oneDNN has no reorder from \(key.source) to \(key.target)") }
        return Primitive(Primitive.Description(taking: created))
    }
}
