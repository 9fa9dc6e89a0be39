internal import COneDNN

/// oneDNN's description of an array of floats: extents and order.
final class MemoryDescriptor: Equatable, @unchecked Sendable {
    /// Never changed after initialization.
    let pointer: UnsafePointer<dnnl_memory_desc_t>

    init(copying original: dnnl_memory_desc_t) {
        let memory = UnsafeMutablePointer<dnnl_memory_desc_t>.allocate(capacity: 1)
        memory.initialize(to: original)
        pointer = UnsafePointer(memory)
    }

    deinit { pointer.deallocate() }

    /// Floats of the given extents in the order of a format tag; `dnnl_format_tag_any` leaves it to oneDNN.
    convenience init(_ dimensions: [Int], tag: dnnl_format_tag_t) {
        var descriptor = dnnl_memory_desc_t()
        let status = dnnl_memory_desc_init_by_tag(
            &descriptor, Int32(dimensions.count), dimensions.map(Int64.init), dnnl_f32, tag)
        Engine.check("dnnl_memory_desc_init_by_tag", status)
        self.init(copying: descriptor)
    }

    /// A row-major array.
    static func dense(_ dimensions: [Int]) -> MemoryDescriptor {
        let tags = [dnnl_a, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde]
        precondition(dimensions.count < tags.count, "more than five dimensions: \(dimensions)")
        return MemoryDescriptor(dimensions.isEmpty ? [1] : dimensions, tag: tags[dimensions.count])
    }

    /// The descriptor of a tensor of this shape and layout.
    static func of(_ shape: Shape, _ layout: Layout) -> MemoryDescriptor {
        switch layout {
        case .dense: return dense(shape.dimensions)
        case .blocked(let block):
            return MemoryDescriptor(shape.dimensions, tag: block == 16 ? dnnl_aBcd16b : dnnl_aBcd8b)
        case .packed(let packed): return packed.descriptor
        }
    }

    var byteCount: Int { dnnl_memory_desc_get_size(pointer) }

    var shape: [Int] {
        withUnsafeBytes(of: pointer.pointee.dims) { bytes in
            bytes.bindMemory(to: Int64.self).prefix(Int(pointer.pointee.ndims)).map(Int.init)
        }
    }

    static func == (left: MemoryDescriptor, right: MemoryDescriptor) -> Bool {
        left === right || dnnl_memory_desc_equal(left.pointer, right.pointer) != 0
    }
}
