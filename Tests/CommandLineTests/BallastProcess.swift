import Foundation

/// The built program, run as a process of its own, as users run it.
enum BallastProcess {
    /// What a run of the program leaves behind.
    struct Outcome {
        /// The exit code.
        let exitCode: Int32
        /// Everything on standard output.
        let output: String
        /// Everything on standard error.
        let errors: String
    }

    /// The folder of the package.
    static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The program: the environment's `BALLAST_BINARY`, or the release build.
    static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["BALLAST_BINARY"] { return URL(filePath: path) }
        return packageRoot.appending(path: ".build/release/ballast")
    }()

    /// The reference files: the environment's `BALLAST_GOLDEN`, or `shared/golden` in or beside the package.
    static let golden: URL = {
        if let path = ProcessInfo.processInfo.environment["BALLAST_GOLDEN"] { return URL(filePath: path) }
        let inside = packageRoot.appending(path: "shared/golden")
        guard !FileManager.default.fileExists(atPath: inside.path) else { return inside }
        return packageRoot.deletingLastPathComponent().appending(path: "shared/golden")
    }()

    /// Runs the program with arguments, in a folder if one is given, and waits for its end.
    static func run(_ arguments: [String], in folder: URL? = nil) async throws -> Outcome {
        let process = Process()
        process.executableURL = binary
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = folder }
        // Files and not pipes: nobody has to read both at once while the program writes.
        let scratch = try TemporaryFolder()
        let output = try scratch.handle(named: "output")
        let errors = try scratch.handle(named: "errors")
        process.standardOutput = output
        process.standardError = errors
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Outcome(
            exitCode: process.terminationStatus, output: try scratch.text(of: "output"),
            errors: try scratch.text(of: "errors"))
    }

    /// Runs `ballast train --dry-run` on a configuration in `folder`, from that folder.
    static func dryRun(_ folder: TemporaryFolder, set assignments: [String] = []) async throws -> Outcome {
        let options = assignments.flatMap { ["--set", $0] }
        return try await run(["train", "--config", "run.yaml", "--dry-run"] + options, in: folder.url)
    }
}

/// A folder that is removed with the last reference to it.
final class TemporaryFolder: Sendable {
    /// Where the folder is.
    let url: URL

    /// Creates an empty folder.
    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "ballast-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    /// Creates a folder with a configuration `run.yaml` in it.
    convenience init(configuration: String) throws {
        try self.init()
        try Data(configuration.utf8).write(to: url.appending(path: "run.yaml"))
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// An empty file, open for writing.
    func handle(named name: String) throws -> FileHandle {
        let file = url.appending(path: name)
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }

    /// The text of a file.
    func text(of name: String) throws -> String {
        try String(contentsOf: url.appending(path: name), encoding: .utf8)
    }
}
