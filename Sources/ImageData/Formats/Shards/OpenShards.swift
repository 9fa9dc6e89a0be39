internal import Synchronization

/// Shards that are read from, a few of which stay open: opening a file costs most on file systems that hosts share.
final class OpenShards: Sendable {
    private struct State {
        var files: [Int: RegularFile] = [:]
        /// Those that are open, the oldest first.
        var order: [Int] = []
    }

    private let state = Mutex(State())

    /// Files that are kept open, at most.
    private static let mostFiles = 32

    /// The file of a shard, open.
    ///
    /// - Throws: What opening throws.
    func file(
        _ shard: Int, opening open: () throws(DataError) -> RegularFile
    ) throws(DataError) -> RegularFile {
        if let file = state.withLock({ $0.files[shard] }) { return file }
        let file = try open()
        return state.withLock { state in
            // Another thread may have been faster.
            if let known = state.files[shard] { return known }
            if state.order.count == Self.mostFiles {
                // Who reads from it keeps it open until then.
                state.files[state.order.removeFirst()] = nil
            }
            state.files[shard] = file
            state.order.append(shard)
            return file
        }
    }
}
