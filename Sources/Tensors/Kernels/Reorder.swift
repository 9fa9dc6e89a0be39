internal import COneDNN
internal import Foundation

/// Copies between layouts, in one pass, optionally adding to what is there.
enum Reorder {
    private struct Key: Hashable, Sendable {
        let shape: [Int]
        let source: Layout
        let target: Layout
        let accumulating: Bool
    }

    private static let cache = PrimitiveCache<Key, Primitive>()

    /// Writes `source` to `target` or, when accumulating, adds it. Both have the same number of elements.
    static func run(from source: Tensor, into target: Tensor, accumulating: Bool) {
        precondition(source.count == target.count, "reorder from \(source.shape) to \(target.shape)")
        if source.layout == target.layout, source.shape == target.shape {
            let count = source.storedCount
            let (from, to) = (source.pointer, target.pointer)
            if accumulating {
                parallelRanges(count) { range in for index in range { to[index] += from[index] } }
            } else {
                parallelRanges(count) { range in
                    memcpy(
                        to + range.lowerBound, from + range.lowerBound,
                        range.count * MemoryLayout<Float>.stride)
                }
            }
            withExtendedLifetime((source, target)) {}
            return
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
        let key = Key(shape: shape, source: source.layout, target: target.layout, accumulating: accumulating)
        let primitive = cache.value(for: key, make: make)
        primitive.run([
            .init(DNNL_ARG_FROM, source, descriptor(shape, source.layout)),
            .init(DNNL_ARG_TO, target, descriptor(shape, target.layout)),
        ])
    }

    private static func descriptor(_ shape: [Int], _ layout: Layout) -> MemoryDescriptor {
        layout == .dense ? .dense(shape) : .of(Shape(shape), layout)
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
                &created, descriptor(key.shape, key.source).pointer, engine,
                descriptor(key.shape, key.target).pointer, engine, attributes))
        guard let created else { fatalError("oneDNN has no reorder from \(key.source) to \(key.target)") }
        return Primitive(Primitive.Description(taking: created))
    }
}
