internal import Foundation
internal import Hosts
internal import ImageData
internal import ProcessGroups
internal import Tensors
internal import Training

/// The folder of a run that is about to train. Rank 0 alone has it; on the other ranks all but `goesOn` is nil.
struct RunOutput {
    /// The folder, locked.
    private(set) var directory: RunDirectory?
    /// Its checkpoints.
    private(set) var checkpoints: RunCheckpoints?
    /// Where the run goes on from, if it does.
    private(set) var resume: ResumePoint?
    /// Whether it goes on; the same on every rank.
    let goesOn: Bool

    /// Locks the folder, looks for a checkpoint to go on from, and makes the folder on rank 0.
    ///
    /// - Parameters:
    ///   - configuration: The run's.
    ///   - resume: Where the run goes on from.
    ///   - start: Its weights.
    ///   - data: Its samples.
    ///   - faults: What goes wrong, in tests.
    ///   - group: The ranks.
    ///   - say: Tells the user a line, on rank 0.
    /// - Throws: `CollectiveFailure` with rank 0's error, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ configuration: RunConfiguration, resume: Resume, start: StartingPoint, data: PreparedData,
        faults: FaultSchedule, group: any ProcessGroup, say: (String) -> Void
    ) throws {
        let identity = configuration.identity(
            weightsDigest: start.weightsDigest, samples: data.splits.training.fingerprint)
        let store = CheckpointStore(
            directory: configuration.output + "/checkpoints", keep: configuration.checkpoint.keep,
            ballastVersion: BallastVersion.current, faults: faults)
        var (lock, point): (RunLock?, ResumePoint?)
        try group.coordinate { () throws -> Void in
            lock = try RunLock(directory: configuration.output, say: say)
            point = try resume.point(in: configuration.output, store, identity: identity, say: say)
        }
        let hosts = try group.allGatherTexts(HostName.current)
        let placement = Self.placement(hosts)
        let comments = Self.comments(weightsDigest: start.weightsDigest, hosts: hosts)
        var directory: RunDirectory?
        try group.coordinate { () throws -> Void in
            guard let lock else { return }
            directory = try RunDirectory(
                path: configuration.output, configuration: configuration.yaml(comments: comments),
                resume: point, lock: lock)
            if configuration.method.name == .delta, let aside = directory?.movedAside {
                try Self.takeAttention(from: aside, to: configuration.output)
            }
        }
        goesOn = try group.coordinate { [point == nil ? 0 : 1] } == [1]
        if let aside = directory?.movedAside {
            say("the run that was in \(configuration.output) is moved aside: \(aside)")
        }
        let precision = start.precision.elementType.rawValue
        if let point {
            say("goes on after step \(point.step)")
            if point.precision != precision {
                say(
                    "precision: the steps before were computed in \(point.precision), those that follow in \(precision); "
                        + "a checkpoint holds 32-bit floats and serves both")
            }
            if !point.placement.isEmpty, point.placement != placement {
                say(
                    ProgressDisplay.notice(
                        "the checkpoint is of \(point.placement.shownPath), and this is \(placement.shownPath): "
                            + "what follows is the same but for rounding"))
            }
        }
        (self.directory, self.resume) = (directory, point)
        guard group.rank == 0 else { return }
        checkpoints = RunCheckpoints(
            store, worldSize: group.size, configuration: configuration.yaml(), identity: identity,
            precision: precision, placement: placement)
    }

    /// Copies DELTA's attention from the run that was in the folder before, which may have taken hours: the file says
    /// what it was computed from, and serves where that is the same.
    private static func takeAttention(from aside: String, to folder: String) throws {
        let name = "/attention.safetensors"
        guard FileManager.default.fileExists(atPath: aside + name) else { return }
        do {
            try FileManager.default.copyItem(atPath: aside + name, toPath: folder + name)
        } catch {
            throw DataError(
                .inputOutput, path: aside + name,
                "cannot be copied to \(folder.shownPath): \(error.systemReason)")
        }
    }

    /// How many ranks lie on which hosts, in rank order: `2 ranks on a, 2 on b`. Hosts that differ only in their order
    /// add up numbers in another one.
    static func placement(_ hosts: [String]) -> String {
        var counts: [(host: String, count: Int)] = []
        for host in hosts {
            if let last = counts.last, last.host == host {
                counts[counts.count - 1].count += 1
            } else {
                counts.append((host, 1))
            }
        }
        return counts.enumerated().map { place, entry in
            let ranks = place > 0 ? "" : entry.count == 1 ? " rank" : " ranks"
            return "\(entry.count)\(ranks) on \(entry.host)"
        }.joined(separator: ", ")
    }

    /// Where and with what the run runs, for the head of its configuration.
    private static func comments(weightsDigest: String, hosts: [String]) -> [String] {
        let names = Set(hosts).sorted().joined(separator: ", ")
        return [
            "ballast \(BallastVersion.current)", "hosts: \(names)", "ranks: \(hosts.count)",
            "threads: \(ComputeThreads.count)", "weights-sha256: \(weightsDigest)",
        ]
    }
}
