/// A block of memory that goes back to the pool when its last tensor is gone.
///
/// Contents are written by whoever creates a tensor and are then left alone, except by operations whose
/// name says that they work in place. Under that rule a storage may be handed to another thread.
final class Storage: @unchecked Sendable {
    /// Bound to what the elements are.
    let memory: UnsafeMutableRawPointer
    /// Number of elements that fit.
    let count: Int
    /// What the elements are.
    let elementType: ElementType
    private let capacity: Int

    /// A block of `count` elements with arbitrary contents.
    init(count: Int, elementType: ElementType = .float32) {
        let block = StoragePool.shared.take(bytes: count * elementType.byteCount)
        (self.count, self.elementType) = (count, elementType)
        (memory, capacity) = (block.pointer, block.capacity)
        switch elementType {
        case .float32: memory.bindMemory(to: Float.self, capacity: max(count, 1))
        case .bfloat16: memory.bindMemory(to: BFloat16.self, capacity: max(count, 1))
        }
    }

    deinit { StoragePool.shared.recycle(memory, capacity: capacity) }

    /// The first element, which is of that type.
    @inline(__always)
    func pointer<Element: StoredElement>(to type: Element.Type) -> UnsafeMutablePointer<Element> {
        precondition(
            elementType == Element.elementType,
            "elements of \(elementType) read as \(Element.elementType): ask for dense() first")
        return memory.assumingMemoryBound(to: Element.self)
    }
}
