internal import Foundation
public import Hosts
internal import Layers
internal import ProcessGroups
internal import Tensors

/// The folder that a run leaves behind: `config.yaml`, `metrics.jsonl`, `model.safetensors` and `model.json`.
///
/// Rank 0 alone makes and writes it; whether that worked reaches every rank through `coordinate`.
public final class RunDirectory {
    /// The folder.
    public let path: String
    private let metrics: FileHandle
    private let lock: RunLock
    private let encoder = JSONEncoder()

    /// The file with the best model.
    public var modelPath: String { path + "/model.safetensors" }

    /// The file that says what the best model is.
    public var descriptionPath: String { path + "/model.json" }

    /// Makes the folder and begins its files.
    ///
    /// A run that is there already is moved aside, to `NAME.1`, `NAME.2` and so on: nothing is lost. A run that
    /// goes on keeps its folder; what `metrics.jsonl` says of later steps is dropped, as they are done again. A run
    /// that goes back has set them aside before.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - configuration: Contents of `config.yaml`.
    ///   - resume: Where the run goes on from, if it does.
    ///   - lock: The right to write there.
    /// - Throws: `RunDirectoryError` that names the file and what the system said.
    public init(path: String, configuration: String, resume: ResumePoint?, lock: RunLock) throws {
        (self.path, self.lock) = (path, lock)
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let manager = FileManager.default
        do {
            let metricsPath = path + "/metrics.jsonl"
            var kept = Data()
            if let resume {
                kept = try Self.lines(of: metricsPath, upTo: resume.step)
            } else if [metricsPath, path + "/checkpoints", path + "/model.safetensors"]
                .contains(where: manager.fileExists)
            {
                let aside = Self.freeName(beside: path)
                try manager.moveItem(atPath: path, toPath: aside)
                try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
                try lock.takeAgain(afterMovingTo: aside)
            }
            try Data(configuration.utf8).write(
                to: URL(fileURLWithPath: path + "/config.yaml"), options: .atomic)
            // After the configuration, by which a folder is known to be a run's.
            try resume?.model.map {
                try Data($0).write(to: URL(fileURLWithPath: path + "/model.safetensors"), options: .atomic)
            }
            try kept.write(to: URL(fileURLWithPath: metricsPath), options: .atomic)
            metrics = try FileHandle(forWritingTo: URL(fileURLWithPath: metricsPath))
            try metrics.seekToEnd()
        } catch let error as RunDirectoryError {
            throw error
        } catch {
            throw RunDirectoryError("\(path): cannot make the folder of the run: \(error.systemReason)")
        }
    }

    /// Moves aside what a run that goes back to an earlier step would undo: later checkpoints, and copies of the log,
    /// the best model and the configuration as they are, in a folder `NAME.1`, `NAME.2` and so on, which is that
    /// of a run.
    ///
    /// - Parameters:
    ///   - path: The folder of the run.
    ///   - point: Where the run goes on from; it may be a checkpoint of another folder.
    ///   - checkpoints: The checkpoints of this one.
    /// - Returns: The new folder; nil where the run has nothing that would be lost.
    /// - Throws: `RunDirectoryError` or `CheckpointError`, 74, where something cannot be moved: nothing is lost then.
    public static func setAside(
        _ path: String, laterThan point: ResumePoint, checkpoints: CheckpointStore
    ) throws -> String? {
        let manager = FileManager.default
        let aside = freeName(beside: path)
        do {
            let hasCheckpoints = try checkpoints.steps().contains { $0 > point.step }
            let hasLines = try events(of: path + "/metrics.jsonl").contains { $0.step ?? 0 > point.step }
            let model = manager.contents(atPath: path + "/model.safetensors")
            let hasModel = model.map { Data(point.model ?? []) != $0 } ?? false
            guard hasCheckpoints || hasLines || hasModel else { return nil }
            try manager.createDirectory(atPath: aside, withIntermediateDirectories: false)
            do {
                for name in ["config.yaml", "metrics.jsonl", "model.safetensors", "model.json"]
                where manager.fileExists(atPath: "\(path)/\(name)") {
                    try manager.copyItem(atPath: "\(path)/\(name)", toPath: "\(aside)/\(name)")
                }
            } catch {
                try? manager.removeItem(atPath: aside)
                throw error
            }
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw RunDirectoryError(
                "\(aside): what \(path) has after step \(point.step) cannot be moved aside: \(error.systemReason)"
            )
        }
        // Last: as long as one of them has its place, the next automatic resume goes on from there.
        try checkpoints.moveNewer(than: point.step, to: aside + "/checkpoints")
        return aside
    }

    /// The first of `NAME.1`, `NAME.2` and so on that is free; a link that leads nowhere is not.
    private static func freeName(beside path: String) -> String {
        var status = stat()
        return (1...).lazy.map { "\(path).\($0)" }.first { lstat($0, &status) != 0 } ?? path + ".old"
    }

    /// The lines of events up to a step; a last line that was cut off counts as none.
    private static func lines(of path: String, upTo step: Int) throws -> Data {
        let kept = try events(of: path).filter { event in
            // A run that goes on ends anew, even where nothing is left to train.
            event.split != "test" && event.step.map { $0 <= step } ?? false
        }
        return Data(kept.map { $0.line + "\n" }.joined().utf8)
    }

    /// The lines of a log, with what they say of their place in the run; none where there is no log.
    private static func events(of path: String) throws -> [(line: Substring, step: Int?, split: String?)] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        return text.split(separator: "\n").map { line in
            let event = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return (line, event?["step"] as? Int, event?["split"] as? String)
        }
    }

    /// Appends one line to `metrics.jsonl`.
    ///
    /// - Throws: `RunDirectoryError`.
    func append(_ event: RunEvent) throws {
        do {
            try metrics.write(contentsOf: encoder.encode(event) + Data("\n".utf8))
        } catch {
            throw RunDirectoryError("\(path)/metrics.jsonl: cannot be written: \(error.systemReason)")
        }
    }
}

/// A file of a run that could not be made or written.
public struct RunDirectoryError: Error, ExitCodeProviding, CustomStringConvertible {
    /// The file, what failed and why.
    public let description: String
    /// 74: input or output; 64 where the file is another run's.
    public let exitCode: Int32

    init(_ description: String, exitCode: Int32 = ExitCode.inputOutput) {
        (self.description, self.exitCode) = (description, exitCode)
    }
}
