/// Memory that MPI reads and writes while the rank does other work.
///
/// It belongs to the group, because work that throws leaves an exchange going on, and the caller's own memory may
/// be gone before the job has ended.
final class StagingMemory {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { memory.deallocate() }

    /// So many bytes, with anything in them; the same ones each time. Nothing may be under way in them.
    func bytes(_ count: Int) -> UnsafeMutableRawPointer {
        if memory.count < count || memory.baseAddress == nil {
            memory.deallocate()
            memory = .allocate(byteCount: max(count, 1 << 16), alignment: 64)
        }
        guard let start = memory.baseAddress else { preconditionFailure("no memory for \(count) bytes") }
        return start
    }
}
