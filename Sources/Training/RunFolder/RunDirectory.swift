internal import Foundation
public import Hosts
internal import Layers
internal import ModelFiles
internal import ProcessGroups
internal import Tensors

/// The folder that a run leaves behind: `config.yaml`, `metrics.jsonl`, `model.safetensors`, `model.json` and
/// `report.json`.
///
/// Rank 0 alone makes and writes it; whether that worked reaches every rank through `coordinate`.
public final class RunDirectory {
    /// The folder.
    public let path: String
    /// Where the run that was here before is now; nil where none had to move.
    public let movedAside: String?
    private let metrics: FileHandle
    private let lock: RunLock
    private let encoder = JSONEncoder()

    /// The file with the best model.
    public var modelPath: String { path + "/model.safetensors" }

    /// The file that says what the best model is.
    public var descriptionPath: String { path + "/model.json" }

    /// The file that a report shows the result by.
    package var recordPath: String { path + "/\(Self.recordName)" }
    private static let recordName = "report.json"

    /// Makes the folder and begins its files.
    ///
    /// A run that is there already is moved aside, to `NAME.1`, `NAME.2` and so on: nothing is lost. A run that
    /// goes on keeps its folder; what `metrics.jsonl` says of later steps is dropped, as they are done again. A run
    /// that goes back has set them aside before. One that goes on from a checkpoint of another run begins a folder of
    /// its own, with the lines that led to that checkpoint.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - configuration: Contents of `config.yaml`.
    ///   - resume: Where the run goes on from, if it does.
    ///   - lock: The right to write there.
    /// - Throws: `RunDirectoryError` or `OutputFileError` that names the file and what the system said.
    public init(path: String, configuration: String, resume: ResumePoint?, lock: RunLock) throws {
        (self.path, self.lock) = (path, lock)
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let metricsPath = path + "/metrics.jsonl"
        do {
            let kept = try resume.map { try Self.history(of: $0, in: path) } ?? []
            movedAside = resume?.isOfThisFolder == true ? nil : try Self.moveAside(path, lock)
            try OutputFile.replace(path + "/config.yaml", with: Array(configuration.utf8))
            // After the configuration, by which a folder is known to be a run's.
            try resume?.model.map { try OutputFile.replace(path + "/model.safetensors", with: $0) }
            // Of an end that is not the end any more.
            let recordPath = path + "/\(Self.recordName)"
            if unlink(recordPath) != 0, errno != ENOENT {
                throw RunDirectoryError(
                    "\(recordPath): cannot be removed: \(String(cString: strerror(errno)))")
            }
            try OutputFile.replace(metricsPath, with: kept)
        } catch  where error is any ExitCodeProviding {
            throw error
        } catch {
            throw RunDirectoryError("\(path): cannot make the folder of the run: \(error.systemReason)")
        }
        // A link of that name is nobody's log.
        let descriptor = open(metricsPath, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw RunDirectoryError("\(metricsPath): cannot be opened: \(String(cString: strerror(errno)))")
        }
        metrics = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// The lines that led to a checkpoint: those of the run that wrote it, where its log lies beside it.
    private static func history(of point: ResumePoint, in path: String) throws -> [UInt8] {
        let own = point.isOfThisFolder ? [path + "/metrics.jsonl"] : []
        let logs = ([point.logPath].compactMap { $0 } + own).filter {
            FileManager.default.fileExists(atPath: $0)
        }
        return try logs.first.map { try RunLog(contentsOf: $0).kept(upTo: point.step) } ?? []
    }

    /// Moves a run that is there aside, and makes an empty folder in its place.
    ///
    /// - Returns: Where it is now; nil where there is none.
    private static func moveAside(_ path: String, _ lock: RunLock) throws -> String? {
        let manager = FileManager.default
        guard
            ["metrics.jsonl", "checkpoints", "model.safetensors"].contains(where: { name in
                manager.fileExists(atPath: "\(path)/\(name)")
            })
        else { return nil }
        // What a link leads to moves, and the link leads to the new folder.
        let folder = Self.folder(named: path)
        let aside = freeName(beside: folder)
        do {
            try manager.moveItem(atPath: folder, toPath: aside)
        } catch {
            throw RunDirectoryError("\(path): cannot be moved aside to \(aside): \(error.systemReason)")
        }
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try lock.takeAgain(afterMovingTo: aside)
        return aside
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
        let aside = freeName(beside: folder(named: path))
        do {
            let hasCheckpoints = try checkpoints.steps().contains { $0 > point.step }
            let hasLines = try RunLog(contentsOf: path + "/metrics.jsonl").tells(after: point.step)
            let model = manager.contents(atPath: path + "/model.safetensors")
            let hasModel = model.map { Data(point.model ?? []) != $0 } ?? false
            guard hasCheckpoints || hasLines || hasModel else { return nil }
            try manager.createDirectory(atPath: aside, withIntermediateDirectories: false)
            do {
                let names = [
                    "config.yaml", "metrics.jsonl", "model.safetensors", "model.json", Self.recordName,
                    "report.html",
                ]
                for name in names + EventFile.names(in: path)
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

    /// Whether a run in the folder has come to its end and tells of steps after one: a run that goes on from there
    /// would undo what somebody may use by now.
    public static func isFinished(_ path: String, after point: ResumePoint) throws -> Bool {
        do {
            let log = try RunLog(contentsOf: path + "/metrics.jsonl")
            return log.isFinished && log.tells(after: point.step)
        } catch {
            throw RunDirectoryError("\(path)/metrics.jsonl: cannot be read: \(error.systemReason)")
        }
    }

    /// What a name leads to, where it is a link.
    private static func folder(named path: String) -> String {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK,
            let resolved = realpath(path, nil)
        else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The first of `NAME.1`, `NAME.2` and so on that is free; a link that leads nowhere is not.
    private static func freeName(beside path: String) -> String {
        var status = stat()
        return (1...).lazy.map { "\(path).\($0)" }.first { lstat($0, &status) != 0 } ?? path + ".old"
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
