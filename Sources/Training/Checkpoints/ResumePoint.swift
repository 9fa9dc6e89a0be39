internal import Foundation
internal import ModelFiles
internal import Tensors

/// A checkpoint that a run goes on from. Rank 0 alone has one.
public struct ResumePoint {
    /// Steps done.
    public var step: Int { position.step }
    let position: RunPosition
    let state: SafetensorsFile
    /// Bytes of the best model at that point, if there was one.
    let model: [UInt8]?

    /// Reads a checkpoint whose hashes hold.
    ///
    /// - Parameters:
    ///   - checkpoint: From a `CheckpointStore`.
    ///   - identity: Lines `key: value` of what must be the same, those of the present run.
    /// - Throws: `CheckpointError` that lists the differences where the checkpoint is of another run.
    public init(_ checkpoint: Checkpoint, identity: String) throws {
        let saved = checkpoint.metadata[RunCheckpoints.Keys.identity] ?? ""
        let differences = Self.differences(saved: saved, present: identity)
        guard differences.isEmpty else {
            throw CheckpointError(
                .damaged, checkpoint.path,
                "this checkpoint is of another run: \(differences.joined(separator: "; ")); use the configuration that it was made with, another output, or --resume none"
            )
        }
        let text = checkpoint.metadata[RunCheckpoints.Keys.position] ?? ""
        position = try JSONDecoder().decode(RunPosition.self, from: Data(text.utf8))
        state = try checkpoint.file(RunCheckpoints.Files.state)
        model =
            checkpoint.fileNames.contains(RunCheckpoints.Files.model)
            ? try checkpoint.bytes(RunCheckpoints.Files.model) : nil
    }

    private static func differences(saved: String, present: String) -> [String] {
        func values(_ text: String) -> [String: String] {
            Dictionary(
                text.split(separator: "\n").compactMap { line in
                    let parts = line.split(separator: ":", maxSplits: 1).map {
                        $0.trimmingCharacters(in: .whitespaces)
                    }
                    return parts.count == 2 ? (parts[0], parts[1]) : nil
                }, uniquingKeysWith: { first, _ in first })
        }
        let (old, new) = (values(saved), values(present))
        return Set(old.keys).union(new.keys).sorted().compactMap { key in
            old[key] == new[key]
                ? nil : "\(key) was \(old[key] ?? "absent"), is \(new[key] ?? "absent")"
        }
    }
}
