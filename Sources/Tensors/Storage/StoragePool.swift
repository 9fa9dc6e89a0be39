internal import Foundation
internal import Synchronization

/// A cache of memory blocks: what a tensor gives back, the next tensor of about that size takes.
///
/// Fresh memory is expensive, because the system clears each page on first use. A training step asks for
/// the same sizes every time, so after the first steps the pool serves everything itself and asks the
/// system for nothing (`allocationCount` stands still).
public final class StoragePool: Sendable {
    /// The pool that every tensor of the process uses.
    public static let shared = StoragePool()

    private struct State {
        /// Addresses of free blocks by their capacity in bytes.
        var free: [Int: [UInt]] = [:]
        var allocationCount = 0
        var bytesHeld = 0
    }

    private let state = Mutex(State())

    /// Blocks from this size on are aligned to large pages and marked for them.
    private static let largePageBytes = 2 << 20

    /// Number of blocks asked of the system so far.
    public var allocationCount: Int { state.withLock { $0.allocationCount } }

    /// Bytes held, in use or free.
    public var bytesHeld: Int { state.withLock { $0.bytesHeld } }

    /// Rounds up to one of eight sizes per power of two, so that at most an eighth is wasted.
    static func capacity(forBytes bytes: Int) -> Int {
        guard bytes > 512 else { return (max(bytes, 1) + 63) & ~63 }
        let exponent = Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount
        let step = 1 << max(exponent - 3, 6)
        return (bytes + step - 1) / step * step
    }

    /// A block of at least `bytes` bytes, aligned to 64, with arbitrary contents.
    func take(bytes: Int) -> (pointer: UnsafeMutableRawPointer, capacity: Int) {
        let capacity = Self.capacity(forBytes: bytes)
        let cached = state.withLock { state in state.free[capacity]?.popLast() }
        if let cached, let pointer = UnsafeMutableRawPointer(bitPattern: cached) {
            return (pointer, capacity)
        }
        let alignment = capacity >= Self.largePageBytes ? Self.largePageBytes : 64
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, alignment, capacity) == 0, let pointer = memory else {
            fatalError("no memory for \(capacity) bytes; the pool holds \(bytesHeld) bytes")
        }
        if capacity >= Self.largePageBytes { madvise(pointer, capacity, Int32(MADV_HUGEPAGE)) }
        state.withLock { state in
            state.allocationCount += 1
            state.bytesHeld += capacity
        }
        return (pointer, capacity)
    }

    /// Gives a block back for reuse.
    func recycle(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
        state.withLock { $0.free[capacity, default: []].append(UInt(bitPattern: pointer)) }
    }

    /// Returns all free blocks to the system, for example between phases that use other sizes.
    public func trim() {
        let free = state.withLock { state in
            let blocks = state.free
            state.free = [:]
            for (capacity, list) in blocks { state.bytesHeld -= capacity * list.count }
            return blocks
        }
        for address in free.values.joined() {
            UnsafeMutableRawPointer(bitPattern: address).map { Foundation.free($0) }
        }
    }
}
