extension ProcessGroup {
    /// All-gather: the texts of all ranks, the same on every rank.
    ///
    /// - Parameter text: This rank's.
    /// - Returns: The texts of rank 0, rank 1, and so on.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func allGatherTexts(_ text: String) throws -> [String] {
        try allGatherEach(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }
}
