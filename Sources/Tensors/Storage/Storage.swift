/// A block of memory that goes back to the pool when its last tensor is gone.
///
/// Contents are written by whoever creates a tensor and are then left alone, except by operations whose
/// name says that they work in place. Under that rule a storage may be handed to another thread.
final class Storage: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    /// Number of floats that fit.
    let count: Int
    private let capacity: Int

    /// A block of `count` floats with arbitrary contents.
    init(count: Int) {
        let block = StoragePool.shared.take(bytes: count * MemoryLayout<Float>.stride)
        self.count = count
        capacity = block.capacity
        pointer = block.pointer.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit { StoragePool.shared.recycle(UnsafeMutableRawPointer(pointer), capacity: capacity) }
}
