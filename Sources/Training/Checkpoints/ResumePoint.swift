internal import Foundation
internal import ModelFiles
internal import Tensors

/// A checkpoint that a run goes on from. Rank 0 alone has one.
public struct ResumePoint {
    /// Steps done.
    public var step: Int { position.step }
    /// Whether it belongs to the run whose folder goes on. Else that folder has another run's files, or none, and the
    /// run that goes on begins a folder of its own.
    public internal(set) var isOfThisFolder = true
    /// What the steps before were computed in. The state is 32-bit floats whatever that was.
    public let precision: String
    /// On which hosts the ranks lay that wrote it, in words; empty where it does not say.
    public let placement: String
    let position: RunPosition
    let state: SafetensorsFile
    /// Bytes of the best model at that point, if there was one.
    let model: [UInt8]?
    /// The same, opened.
    let modelFile: SafetensorsFile?
    /// The log of the run that wrote it, if the checkpoint lies where it was written.
    let logPath: String?

    /// What is said of checkpoints that were made before there was a choice.
    public static let defaultPrecision = "float32"

    /// The longest name of a precision that is read.
    private static let longestPrecision = 32

    /// Reads a checkpoint whose hashes hold.
    ///
    /// - Parameters:
    ///   - checkpoint: From a `CheckpointStore`.
    ///   - identity: Lines `key: value` of what must be the same, those of the present run.
    /// - Throws: `CheckpointError` that lists the differences where the checkpoint is of another run, and where its
    ///   position is none; `SafetensorsError` where its tensors cannot be read.
    public init(_ checkpoint: Checkpoint, identity: String) throws {
        let saved = checkpoint.metadata[RunCheckpoints.Keys.identity] ?? ""
        let differences = Self.differences(saved: saved, present: identity)
        guard differences.isEmpty else {
            throw CheckpointError(
                .damaged, checkpoint.path,
                "this checkpoint is of another run: \(differences.joined(separator: "; ")); use the configuration that it was made with, another output, or --resume none"
            )
        }
        // It goes into a message and decides nothing.
        let precision = checkpoint.metadata[RunCheckpoints.Keys.precision]?.prefix(Self.longestPrecision)
        self.precision = precision.map { $0.filter { $0.isLetter || $0.isNumber } } ?? Self.defaultPrecision
        placement = checkpoint.metadata[RunCheckpoints.Keys.placement] ?? ""
        position = try Self.position(of: checkpoint)
        state = try checkpoint.file(RunCheckpoints.Files.state)
        let hasModel = position.best != nil
        model = hasModel ? try checkpoint.bytes(RunCheckpoints.Files.model) : nil
        modelFile = hasModel ? try checkpoint.file(RunCheckpoints.Files.model) : nil
        logPath = Self.logPath(of: checkpoint)
    }

    /// The checkpoint for a run in the folder whose checkpoints these are.
    ///
    /// - Parameters:
    ///   - checkpoint: From this store or from anywhere else.
    ///   - identity: Lines `key: value` of what must be the same, those of the present run.
    ///   - store: The checkpoints of the folder.
    /// - Throws: As for a checkpoint of that store.
    public init(_ checkpoint: Checkpoint, identity: String, goingOnIn store: CheckpointStore) throws {
        try self.init(checkpoint, identity: identity)
        isOfThisFolder = try store.holds(checkpoint) || store.holdsRun(identity)
    }

    /// Where a run stands; nothing in it is taken as given.
    private static func position(of checkpoint: Checkpoint) throws(CheckpointError) -> RunPosition {
        func damaged(_ problem: String) -> CheckpointError {
            CheckpointError(.damaged, checkpoint.path, "the position in its manifest " + problem)
        }
        guard let text = checkpoint.metadata[RunCheckpoints.Keys.position] else {
            throw damaged("is missing")
        }
        guard let position = try? JSONDecoder().decode(RunPosition.self, from: Data(text.utf8)) else {
            throw damaged("cannot be read: \(text.excerpt)")
        }
        guard position.step == checkpoint.step, position.step >= 1 else {
            throw damaged("is step \(position.step), and the checkpoint is of step \(checkpoint.step)")
        }
        guard let best = position.best else { return position }
        guard (1...position.step).contains(best.step), best.evaluation.isPossible else {
            throw damaged("names a best model of step \(best.step) with an impossible evaluation")
        }
        guard checkpoint.fileNames.contains(RunCheckpoints.Files.model) else {
            throw damaged("names a best model, of step \(best.step), and the checkpoint holds none")
        }
        return position
    }

    private static func logPath(of checkpoint: Checkpoint) -> String? {
        guard let resolved = realpath(checkpoint.path, nil) else { return nil }
        defer { free(resolved) }
        let folder = (String(cString: resolved) as NSString).deletingLastPathComponent as NSString
        return folder.lastPathComponent == "checkpoints"
            ? folder.deletingLastPathComponent + "/metrics.jsonl" : nil
    }

    /// Earlier versions took the schedule for something that must not change.
    private static let formerKeys = "schedule."
    /// How many differences a message names.
    private static let namedCount = 12

    static func differences(saved: String, present: String) -> [String] {
        func values(_ text: String) -> [String: String] {
            Dictionary(
                text.split(separator: "\n").compactMap { line in
                    let parts = line.split(separator: ":", maxSplits: 1).map {
                        $0.trimmingCharacters(in: .whitespaces)
                    }
                    return parts.count == 2 && !parts[0].hasPrefix(formerKeys) ? (parts[0], parts[1]) : nil
                }, uniquingKeysWith: { first, _ in first })
        }
        let (old, new) = (values(saved), values(present))
        let keys = Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }
        return keys.prefix(namedCount).map { key in
            "\(key.excerpt) was \(old[key]?.excerpt ?? "absent"), is \(new[key]?.excerpt ?? "absent")"
        } + (keys.count > namedCount ? ["and \(keys.count - namedCount) others"] : [])
    }
}

extension ResumePoint {
    /// What a user should know before the run goes on with a plan, a line each.
    public func notices(_ plan: TrainingPlan) -> [String] {
        var notices: [String] = []
        if step >= plan.stepCount {
            notices.append(
                step == plan.stepCount
                    ? "the run stands at its end, step \(step): nothing is left to train"
                    : "the run ends at step \(plan.stepCount) (training.epochs \(plan.epochs)), and the checkpoint is of step \(step): nothing is left to train, and the model of step \(position.best?.step ?? step) is its result"
            )
        } else if let last = position.learningRate, let next = position.nextLearningRate {
            let now = plan.learningRate(step: step)
            if now != next {
                notices.append(
                    "learning rate: \(Float(last)) at step \(step), and \(Float(next)) was to follow; "
                        + "\(Float(now)) follows, as schedule or training.epochs differ from those of the checkpoint"
                )
            }
        }
        return notices
    }
}
