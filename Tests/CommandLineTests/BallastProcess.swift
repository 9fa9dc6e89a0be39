import Foundation
import TestSupport

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

    /// The reference files.
    static let golden = packageRoot.appending(path: "Tests/Golden")

    /// Runs the program with arguments and waits for its end.
    ///
    /// - Parameters:
    ///   - arguments: What stands after `ballast`.
    ///   - ranks: How many ranks `mpirun` starts; 0 runs the program without it.
    ///   - folder: Where to run, if not in the current folder.
    ///   - faults: What is to go wrong, as `BALLAST_FAULTS` says it. A run with faults may be killed.
    ///   - environment: More variables.
    static func run(
        _ arguments: [String], ranks: Int = 0, in folder: URL? = nil, faults: String = "",
        environment: [String: String] = [:]
    ) async throws -> Outcome {
        let launcher = [
            "mpirun", "--oversubscribe", "--bind-to", "none",
            // Without this, mpirun takes a second of rest after each job that fails.
            "--mca", "odls_base_sigkill_timeout", "0", "-np", String(ranks),
        ]
        return try await run(
            command: (ranks == 0 ? [] : launcher) + [binary.path] + arguments, in: folder,
            // Containers often run as root, which OpenMPI refuses without the first two.
            environment: [
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMP_NUM_THREADS": "1",
                "BALLAST_FAULTS": faults,
            ].merging(environment) { $1 }, mayBeKilled: !faults.isEmpty)
    }

    /// Runs `ballast train` under `mpirun`, and a command once its third step is logged.
    ///
    /// - Parameters:
    ///   - arguments: What stands after `ballast`.
    ///   - ranks: How many ranks `mpirun` starts.
    ///   - folder: The folder of the run.
    ///   - command: Lines for `bash`, given the process number of rank 0.
    static func run(
        _ arguments: [String], ranks: Int, whenRunning folder: URL, _ command: (String) -> String
    ) async throws -> Outcome {
        let script = """
            "$@" & job=$!
            until grep -q '"step":3}' '\(folder.path)/metrics.jsonl' 2>/dev/null; do
                kill -0 $job || exit 99
                sleep 0.1
            done
            rank=$(sed -n 's/^process \\([0-9]*\\) .*/\\1/p' '\(folder.path)/.lock')
            \(command("$rank"))
            wait $job
            """
        return try await run(
            command: [
                "bash", "-c", script, "bash", "mpirun", "--oversubscribe", "--bind-to", "none", "-np",
                String(ranks), binary.path,
            ] + arguments,
            environment: [
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMP_NUM_THREADS": "1",
            ])
    }

    /// Runs any command, which must end by itself, and waits for its end.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments.
    ///   - folder: Where to run, if not in the current folder.
    ///   - environment: Variables that are added to those of this process.
    ///   - mayBeKilled: Whether exit code 137 is an outcome, and not a sign that the command hung.
    static func run(
        command: [String], in folder: URL? = nil, environment: [String: String] = [:],
        mayBeKilled: Bool = false
    ) async throws -> Outcome {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["timeout", "--kill-after=5", String(secondsUntilHanging)] + command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = folder }
        // Files and not pipes: nobody has to read both at once while the program writes.
        let scratch = try ScratchFolder()
        let output = try scratch.handle(named: "output")
        let errors = try scratch.handle(named: "errors")
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let outcome = Outcome(
            exitCode: process.terminationStatus, output: try scratch.text(of: "output"),
            errors: try scratch.text(of: "errors"))
        // What `timeout` exits with where it had to end the command.
        guard outcome.exitCode != 124, mayBeKilled || outcome.exitCode != 137 else {
            throw Hanging(command: command, outcome: outcome)
        }
        return outcome
    }

    /// After so many seconds a command counts as one that never ends. It is no measure of speed.
    private static let secondsUntilHanging = 120

    /// A command that did not end.
    struct Hanging: Error {
        let command: [String]
        let outcome: Outcome
    }

    /// Runs `ballast train --dry-run` on a configuration in `folder`, from that folder.
    static func dryRun(_ folder: ScratchFolder, set assignments: [String] = []) async throws -> Outcome {
        let options = assignments.flatMap { ["--set", $0] }
        return try await run(["train", "--config", "run.yaml", "--dry-run"] + options, in: folder.url)
    }
}
