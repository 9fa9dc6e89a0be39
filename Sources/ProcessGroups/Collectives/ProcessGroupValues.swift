// The collectives on arrays and single values, built on those of the protocol.
extension ProcessGroup {
    /// All-reduce: replaces each element by its sum over all ranks; the result has the same bits on every rank.
    ///
    /// - Parameter values: This rank's contribution, equally long on every rank; then the sums.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func allReduce<E: Transmissible>(_ values: inout [E]) throws {
        try values.withUnsafeMutableBufferPointer { try allReduce($0) }
    }

    /// All-reduce that overlaps with work of this rank.
    ///
    /// - Parameters:
    ///   - values: This rank's contribution, equally long on every rank; then the sums.
    ///   - work: Done while the values travel. Must call no collectives of this group.
    /// - Throws: `MPIError` if the communication fails; what the work throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func allReduce<E: Transmissible>(_ values: inout [E], during work: () throws -> Void) throws {
        try values.withUnsafeMutableBufferPointer { try allReduce($0, during: work) }
    }

    /// All-reduce of one value a rank; the sum has the same bits on every rank.
    ///
    /// - Parameter value: This rank's contribution.
    /// - Returns: The sum over all ranks.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func allReduce<E: Transmissible>(_ value: E) throws -> E {
        var value = value
        try withUnsafeMutablePointer(to: &value) {
            try allReduce(UnsafeMutableBufferPointer(start: $0, count: 1))
        }
        return value
    }

    /// Broadcast: replaces every rank's array by the root's, whatever length it had before.
    ///
    /// - Parameters:
    ///   - values: Read on the root, replaced on the others.
    ///   - root: The rank that sends; the same on every rank.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func broadcast<E: Transmissible>(_ values: inout [E], from root: Int) throws {
        var count = Int64(values.count)
        try withUnsafeMutablePointer(to: &count) {
            try broadcast(UnsafeMutableBufferPointer(start: $0, count: 1), from: root)
        }
        if values.count != Int(count) {
            values = Array(repeating: .zero, count: Int(count))
        }
        try values.withUnsafeMutableBufferPointer { try broadcast($0, from: root) }
    }

    /// Broadcast: the root's values, on every rank. Nothing is copied on the root.
    ///
    /// - Parameters:
    ///   - values: Read on the root, left alone on the others.
    ///   - count: How many the root has; the same on every rank.
    ///   - root: The rank that sends; the same on every rank.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func broadcast<E: Transmissible>(_ values: [E], count: Int, from root: Int) throws -> [E] {
        guard rank == root else {
            return try Array(unsafeUninitializedCapacity: count) { buffer, filled in
                try broadcast(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), from: root)
                filled = count
            }
        }
        precondition(values.count == count, "\(values.count) values, announced as \(count)")
        // The root's buffer is only read.
        try values.withUnsafeBufferPointer {
            try broadcast(UnsafeMutableBufferPointer(mutating: $0), from: root)
        }
        return values
    }

    /// All-gather: the values of all ranks, one array a rank, the same on every rank.
    ///
    /// - Parameter values: This rank's values; how many may differ between ranks, and may be none.
    /// - Returns: The arrays of rank 0, rank 1, and so on.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func allGatherEach<E: Transmissible>(_ values: [E]) throws -> [[E]] {
        let counts = try allGather([Int64(values.count)])
        let all = try allGather(values)
        var start = 0
        return counts.map { count in
            defer { start += Int(count) }
            return Array(all[start..<start + Int(count)])
        }
    }
}
