/// A block of memory that goes back to the pool when its last tensor is gone.
///
/// Contents are written by whoever creates a tensor and are then left alone, except by operations whose
/// name says that they work in place. Under that rule a storage may be handed to another thread.
final class Storage: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    /// Number of elements that fit.
    let count: Int
    /// What the elements are.
    let elementType: ElementType
    private let capacity: Int

    /// A block of `count` elements with arbitrary contents.
    init(count: Int, elementType: ElementType = .float32) {
        let block = StoragePool.shared.take(bytes: count * elementType.byteCount)
        (self.count, self.elementType) = (count, elementType)
        capacity = block.capacity
        pointer = block.pointer.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit { StoragePool.shared.recycle(UnsafeMutableRawPointer(pointer), capacity: capacity) }
}
