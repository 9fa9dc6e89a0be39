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
    private let encoder = JSONEncoder()

    /// The file with the best model.
    public var modelPath: String { path + "/model.safetensors" }

    /// Makes the folder and begins its files.
    ///
    /// A run that is there already is moved aside, to `NAME.1`, `NAME.2` and so on: nothing is lost.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - configuration: Contents of `config.yaml`.
    /// - Throws: `RunDirectoryError` that names the file and what the system said.
    public init(path: String, configuration: String) throws {
        self.path = path
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let manager = FileManager.default
        do {
            if manager.fileExists(atPath: path + "/metrics.jsonl") {
                let aside = (1...).lazy.map { "\(path).\($0)" }.first { !manager.fileExists(atPath: $0) }
                try manager.moveItem(atPath: path, toPath: aside ?? path + ".old")
            }
            try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data(configuration.utf8).write(
                to: URL(fileURLWithPath: path + "/config.yaml"), options: .atomic)
            let metricsPath = path + "/metrics.jsonl"
            try Data().write(to: URL(fileURLWithPath: metricsPath))
            metrics = try FileHandle(forWritingTo: URL(fileURLWithPath: metricsPath))
        } catch {
            throw RunDirectoryError("\(path): cannot make the folder of the run: \(error.systemReason)")
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
    /// 74: input or output.
    public var exitCode: Int32 { ExitCode.inputOutput }

    init(_ description: String) { self.description = description }
}
