internal import ProcessGroups

/// Failures that every rank knows of, collected instead of ending the program at the first.
struct FailureCollection {
    /// What failed, in order.
    private(set) var findings: [Finding] = []

    /// Nothing has failed yet.
    init() {}

    /// Does work, and notes a failure of it.
    ///
    /// - Parameters:
    ///   - subject: What the work concerns.
    ///   - remedy: What to do if it fails.
    ///   - work: Throws a `CollectiveFailure` on every rank, or on none.
    /// - Returns: What the work returned; nil on every rank where it failed.
    /// - Throws: Any other error, which the other ranks may not know of.
    mutating func attempt<Value>(
        _ subject: String, remedy: String, _ work: () throws -> Value
    ) throws -> Value? {
        do {
            return try work()
        } catch let failure as CollectiveFailure {
            findings.append(
                Finding(
                    subject, found: failure.message, expected: "", remedy: remedy,
                    exitCode: failure.exitCode))
            return nil
        }
    }
}
