internal import Foundation
internal import Hosts

/// The checkpoints of a run: folders `step-00000500` that are there completely or not at all.
///
/// One process writes to the folder at a time; in a run that is rank 0. Whoever calls from several ranks
/// wraps the call in `coordinate`, so that its outcome reaches all of them.
public struct CheckpointStore: Sendable {
    /// The folder of the checkpoints. It is made when the first one is written.
    public let directory: String
    /// How many of the newest checkpoints `prune` keeps.
    public let keep: Int
    let ballastVersion: String
    let faults: FaultSchedule
    let disk: Disk

    /// A store in a folder that need not exist yet. Nothing is touched.
    ///
    /// - Parameters:
    ///   - directory: The folder of the checkpoints.
    ///   - keep: How many of the newest checkpoints `prune` keeps, at least 1.
    ///   - ballastVersion: Version of this program, for the manifest.
    ///   - faults: What goes wrong on purpose, in tests.
    public init(directory: String, keep: Int, ballastVersion: String, faults: FaultSchedule = .none) {
        self.init(
            directory: directory, keep: keep, ballastVersion: ballastVersion, faults: faults, calls: .system)
    }

    /// A store that calls something other than the system.
    package init(
        directory: String, keep: Int, ballastVersion: String, faults: FaultSchedule, calls: SystemCalls
    ) {
        precondition(keep >= 1, "a store that keeps \(keep) checkpoints")
        (self.directory, self.keep, self.ballastVersion) = (directory, keep, ballastVersion)
        (self.faults, disk) = (faults, Disk(calls: calls))
    }

    /// The folder of a checkpoint, whether or not it is there.
    public func path(ofStep step: Int) -> String { "\(directory)/\(CheckpointName.visible(step))" }

    /// The steps of all checkpoints, ascending, good or not.
    ///
    /// - Throws: `CheckpointError` where the folder is there but cannot be read.
    public func steps() throws(CheckpointError) -> [Int] {
        try names().compactMap { CheckpointName.step(visible: $0) }.sorted()
    }

    /// The newest checkpoint whose manifest, sizes and hashes hold, and why newer ones do not.
    ///
    /// Reads every byte of the checkpoint; called after `cleanStaging`, which may put one back. Files that the
    /// manifest does not name are ignored, as are folders with names that `write` does not give.
    ///
    /// - Returns: The checkpoint, nil where none is good or there is none at all; and those that are newer
    ///   but damaged, newest first.
    /// - Throws: `CheckpointError` where the folder is there but cannot be read.
    public func newestGood() throws(CheckpointError) -> (
        checkpoint: Checkpoint?, rejected: [RejectedCheckpoint]
    ) {
        var rejected: [RejectedCheckpoint] = []
        for step in try steps().reversed() {
            do {
                return (try Checkpoint(path: path(ofStep: step), examining: .contents), rejected)
            } catch {
                rejected.append(
                    RejectedCheckpoint(name: CheckpointName.visible(step), reason: error.description))
            }
        }
        return (nil, rejected)
    }

    /// The newest good checkpoint for a run that goes on by itself.
    ///
    /// - Parameter say: Told a line for each that is newer and not good.
    /// - Returns: The checkpoint; nil where there is none at all.
    /// - Throws: `CheckpointError`, 65, where there are some and none is good: a run that began anew would leave
    ///   them behind.
    public func newest(say: (String) -> Void) throws(CheckpointError) -> Checkpoint? {
        let (checkpoint, rejected) = try newestGood()
        for other in rejected { say(ProgressDisplay.notice("checkpoint not used: \(other)")) }
        guard checkpoint == nil, !rejected.isEmpty else { return checkpoint }
        throw CheckpointError(
            .damaged, directory,
            "none of \(rejected.count) checkpoints is good: \(rejected.map(\.reason).joined(separator: "; ")); begin anew with --resume none, which moves them aside"
        )
    }

    /// The checkpoint in a folder of any name; a folder named like a checkpoint must hold that step.
    ///
    /// - Throws: `CheckpointError`: 74 where it cannot be read, 65 where it is not a complete checkpoint.
    public static func open(_ path: String) throws(CheckpointError) -> Checkpoint {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw CheckpointError(.inputOutput, path, "there is no such checkpoint", errorNumber: ENOENT)
        }
        guard isDirectory.boolValue else {
            throw CheckpointError(.damaged, path, "it is a file, and a checkpoint is a folder")
        }
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        return try Checkpoint(path: path, examining: .contents)
    }

    /// Whether a checkpoint lies in this folder, under whatever name.
    func holds(_ checkpoint: Checkpoint) -> Bool {
        let folder = (checkpoint.path as NSString).deletingLastPathComponent
        var (own, other) = (stat(), stat())
        return stat(directory, &own) == 0 && stat(folder.isEmpty ? "." : folder, &other) == 0
            && own.st_ino == other.st_ino && own.st_dev == other.st_dev
    }

    /// Whether a checkpoint here is of a run of that identity.
    func holdsRun(_ identity: String) throws(CheckpointError) -> Bool {
        for step in try steps() {
            let checkpoint = try? Checkpoint(path: path(ofStep: step), examining: .sizes)
            let saved = checkpoint?.metadata[RunCheckpoints.Keys.identity]
            if let saved, ResumePoint.differences(saved: saved, present: identity).isEmpty { return true }
        }
        return false
    }

    /// Names of everything in the folder; none where it does not exist.
    func names() throws(CheckpointError) -> [String] {
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw CheckpointError(.inputOutput, directory, "the folder cannot be read: \(error.systemReason)")
        }
    }
}

/// A checkpoint that is not good, and why.
public struct RejectedCheckpoint: Sendable, Equatable, CustomStringConvertible {
    /// The name of its folder.
    public let name: String
    /// What is wrong, with the path.
    public let reason: String

    /// The reason, which names the folder.
    public var description: String { reason }
}
