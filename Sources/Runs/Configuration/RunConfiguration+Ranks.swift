package import ProcessGroups

extension RunConfiguration {
    /// Reads a configuration and applies `--set` options, on rank 0, and gives every rank the same.
    ///
    /// - Throws: `CollectiveFailure` with the mistake, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func read(
        _ file: String, assignments: [String], for group: any ProcessGroup
    ) throws -> RunConfiguration {
        let resolved = try group.coordinate {
            Array(try RunConfiguration(file: file, assignments: assignments).yaml().utf8)
        }
        return try RunConfiguration(
            text: String(decoding: resolved, as: UTF8.self), file: file, directory: "/")
    }
}
