internal import Hosts
internal import ProcessGroups
internal import Training

/// The profile of a command and the file that it goes to.
struct RunProfile {
    /// What records.
    let profile: Profile
    private let path: String
    private let group: any ProcessGroup

    /// Looks whether the file can be written, before hours of work, and begins.
    ///
    /// - Parameters:
    ///   - path: The file, as the user named it.
    ///   - inputs: What the command reads.
    ///   - group: The ranks.
    /// - Throws: `CollectiveFailure` where it cannot (74), is a folder or one of the inputs (64).
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(path: String, apartFrom inputs: [String] = [], _ group: any ProcessGroup) throws {
        (self.path, self.group) = (path, group)
        try group.coordinate { () throws -> Void in try WriteAccess.requireFile(path, apartFrom: inputs) }
        profile = try Profile(group)
    }

    /// Writes the file, and says on rank 0's standard error what is in it.
    ///
    /// - Throws: `CollectiveFailure` (74) where it cannot be written.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func write() throws {
        try profile.write(to: path, group)
        guard group.rank == 0 else { return }
        let steps = profile.recordedSteps
        let few =
            steps < Profile.stepCount
            ? "; the run has no more after those that warm up and those that try overlap strategies" : ""
        StandardError.print("profile: \(steps) step\(steps == 1 ? "" : "s") of each rank in \(path)\(few)")
    }
}
