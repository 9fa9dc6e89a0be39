internal import Foundation
internal import Hosts
internal import ModelFiles
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
    /// - Throws: `CollectiveFailure` (74) where it cannot.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(path: String, _ group: any ProcessGroup) throws {
        (self.path, self.group) = (path, group)
        try group.coordinate { () throws -> Void in
            try WriteAccess.require(path, problem: "the profile cannot be written")
            guard case .replacing(let file) = OutputFile.way(named: path) else { return }
            let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
            guard FileManager.default.fileExists(atPath: folder) else {
                throw OutputError(
                    path: path, problem: "the profile cannot be written", underlying: POSIXError(.ENOENT))
            }
        }
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
