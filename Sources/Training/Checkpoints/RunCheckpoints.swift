internal import Foundation
internal import ModelFiles
internal import Tensors

/// The checkpoints of one run as rank 0, the coordinator, keeps them: written from a copy while training goes on.
public final class RunCheckpoints {
    /// Names of the files in a checkpoint.
    enum Files {
        static let state = "state.safetensors"
        static let model = "model.safetensors"
        static let all: Set<String> = [state, model, CheckpointManifest.fileName]
    }

    /// Keys of the manifest's metadata.
    enum Keys {
        static let position = "position"
        static let configuration = "configuration"
        static let identity = "identity"
        static let precision = "precision"
        static let placement = "placement"
    }

    private let store: CheckpointStore
    private let writer: BackgroundWriter
    private let worldSize: Int
    private let metadata: [String: String]

    /// - Parameters:
    ///   - store: Where checkpoints go.
    ///   - worldSize: Ranks of the run.
    ///   - configuration: The resolved configuration.
    ///   - identity: What must be the same for a run to go on: see `ResumePoint`.
    ///   - precision: What the steps are computed in; need not be the same.
    ///   - placement: On which hosts the ranks lie, in words; a run that goes on elsewhere says so.
    public init(
        _ store: CheckpointStore, worldSize: Int, configuration: String, identity: String,
        precision: String = ResumePoint.defaultPrecision, placement: String = ""
    ) {
        self.store = store
        writer = BackgroundWriter(store)
        self.worldSize = worldSize
        metadata = [
            Keys.configuration: configuration, Keys.identity: identity, Keys.precision: precision,
            Keys.placement: placement,
        ]
    }

    /// Begins to save; waits first until the save before is done.
    ///
    /// - Parameters:
    ///   - position: Where the run stands.
    ///   - state: A copy of its tensors.
    ///   - modelPath: The best model so far, if there is one; it is read while training goes on.
    /// - Throws: `CheckpointError` where the best model cannot be opened.
    func save(_ position: RunPosition, state: SafetensorsWriter, modelPath: String) throws {
        var metadata = metadata
        metadata[Keys.position] = String(decoding: try JSONEncoder().encode(position), as: UTF8.self)
        var contents = CheckpointContents(step: position.step, worldSize: worldSize, metadata: metadata)
        contents.add(Files.state, state)
        if position.best != nil { try contents.add(Files.model, copyOfFile: modelPath) }
        writer.submit(contents, keepingAlso: position.best.map { [$0.step] } ?? [])
    }

    /// The outcome of the oldest save that is done and was not asked for yet.
    func takeResult() -> BackgroundWriter.Outcome? { writer.takeResult() }

    /// How the save before stands.
    enum Progress {
        /// Nothing is being written.
        case done
        /// It is being written.
        case running
        /// It is being written for longer than it may take.
        case overdue(CheckpointError)
    }

    /// Waits until nothing is being written, but not longer than some seconds.
    func waitUntilIdle(seconds: Double) { _ = writer.waitUntilIdle(seconds: seconds) }

    private static let roundSeconds = 0.5

    /// Waits for the save before, but for half a second at most.
    ///
    /// - Parameter limit: Seconds that a save may take.
    func progress(limit: Double) -> Progress {
        guard let pending = writer.pending else { return .done }
        let left = limit - pending.seconds
        if writer.waitUntilIdle(seconds: max(0, min(left, Self.roundSeconds))) { return .done }
        guard left <= Self.roundSeconds else { return .running }
        return .overdue(
            CheckpointError(
                .inputOutput, store.path(ofStep: pending.step),
                "it is still not written after \(Int(limit)) s (checkpoint.timeout-seconds)",
                errorNumber: ETIMEDOUT))
    }
}
