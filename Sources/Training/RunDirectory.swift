internal import Foundation
internal import Layers
public import ProcessGroups
internal import Tensors

/// The folder that a run leaves behind: `config.yaml`, `metrics.jsonl` and `model.safetensors`.
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

    /// Makes the folder and begins its files.
    ///
    /// A run that is there already is moved aside, to `NAME.1`, `NAME.2` and so on: nothing is lost. A run that
    /// goes on keeps its folder; what `metrics.jsonl` says of later steps is dropped, as they are done again.
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

    /// The first of `NAME.1`, `NAME.2` and so on that is free; a link that leads nowhere is not.
    private static func freeName(beside path: String) -> String {
        var status = stat()
        return (1...).lazy.map { "\(path).\($0)" }.first { lstat($0, &status) != 0 } ?? path + ".old"
    }

    /// The lines of events up to a step; a last line that was cut off counts as none.
    private static func lines(of path: String, upTo step: Int) throws -> Data {
        guard FileManager.default.fileExists(atPath: path) else { return Data() }
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        let kept = text.split(separator: "\n").filter { line in
            let event = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            // A run that goes on ends anew, even where nothing is left to train.
            if event?["split"] as? String == "test" { return false }
            return (event?["step"] as? Int).map { $0 <= step } ?? false
        }
        return Data(kept.map { $0 + "\n" }.joined().utf8)
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
