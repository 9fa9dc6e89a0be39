internal import COneDNN

/// oneDNN's description of an array: extents, order and type of the elements.
///
/// Descriptors are made once for each combination of these and live as long as the process, so
/// that their addresses can be handed to oneDNN without a thought for lifetimes.
final class MemoryDescriptor: Equatable, @unchecked Sendable {
    /// Never changed after initialization.
    let pointer: UnsafePointer<dnnl_memory_desc_t>

    init(copying original: dnnl_memory_desc_t) {
        let memory = UnsafeMutablePointer<dnnl_memory_desc_t>.allocate(capacity: 1)
        memory.initialize(to: original)
        pointer = UnsafePointer(memory)
    }

    /// Elements of the given extents in the order of a format tag; `dnnl_format_tag_any` leaves it to oneDNN.
    static func tagged(
        _ dimensions: [Int], _ tag: dnnl_format_tag_t, _ elementType: ElementType = .float32
    ) -> MemoryDescriptor {
        cache.value(for: Key(dimensions: dimensions, tag: tag.rawValue, elementType: elementType)) {
            MemoryDescriptor($0.dimensions, tag: tag, $0.elementType)
        }
    }

    private struct Key: Hashable, Sendable {
        let dimensions: [Int]
        let tag: UInt32
        let elementType: ElementType
    }

    private static let cache = PrimitiveCache<Key, MemoryDescriptor>()

    private convenience init(_ dimensions: [Int], tag: dnnl_format_tag_t, _ elementType: ElementType) {
        var descriptor = dnnl_memory_desc_t()
        let status = dnnl_memory_desc_init_by_tag(
            &descriptor, Int32(dimensions.count), dimensions.map(Int64.init), elementType.dataType, tag)
        Engine.check("dnnl_memory_desc_init_by_tag", status)
        self.init(copying: descriptor)
    }

    /// A row-major array.
    static func dense(_ dimensions: [Int], _ elementType: ElementType = .float32) -> MemoryDescriptor {
        let tags = [dnnl_a, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde]
        precondition(dimensions.count < tags.count, "more than five dimensions: \(dimensions)")
        return tagged(dimensions.isEmpty ? [1] : dimensions, tags[dimensions.count], elementType)
    }

    /// The descriptor of a tensor of this shape and layout.
    static func of(
        _ shape: Shape, _ layout: Layout, _ elementType: ElementType = .float32
    ) -> MemoryDescriptor {
        switch layout {
        case .dense: return dense(shape.dimensions, elementType)
        case .blocked(let block):
            return tagged(shape.dimensions, block == 16 ? dnnl_aBcd16b : dnnl_aBcd8b, elementType)
        case .packed(let packed): return packed.descriptor
        }
    }

    var byteCount: Int { dnnl_memory_desc_get_size(pointer) }

    /// What the elements are.
    var elementType: ElementType { pointer.pointee.data_type == dnnl_bf16 ? .bfloat16 : .float32 }

    var shape: [Int] {
        withUnsafeBytes(of: pointer.pointee.dims) { bytes in
            bytes.bindMemory(to: Int64.self).prefix(Int(pointer.pointee.ndims)).map(Int.init)
        }
    }

    static func == (left: MemoryDescriptor, right: MemoryDescriptor) -> Bool {
        left === right || dnnl_memory_desc_equal(left.pointer, right.pointer) != 0
    }
}

extension ElementType {
    /// oneDNN's name for it.
    fileprivate var dataType: dnnl_data_type_t {
        switch self {
        case .float32: dnnl_f32
        case .bfloat16: dnnl_bf16
        }
    }
}
