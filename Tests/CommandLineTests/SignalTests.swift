import Foundation
import TestSupport
import Testing

/// What signals and closed pipes do to a plain `ballast`, without a launcher.
@Suite(.serialized) struct SignalTests {
    private static func arguments(_ folder: ScratchFolder) -> [String] {
        [
            "train", "--config", BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path,
            "--set", "output=\(folder.url.appending(path: "run").path)",
            "training.steps-per-epoch=200000", "checkpoint.every-steps=null",
        ]
    }

    /// Runs a command in the background of a shell, waits until `isReady` of it, and runs lines that know it as
    /// `$job`.
    ///
    /// - Parameters:
    ///   - before: Lines before the command.
    ///   - isReady: A condition of the shell.
    ///   - then: Lines after it; the last gives the exit code.
    private static func run(
        _ arguments: [String], before: String = "", isReady: String, then: String
    ) async throws -> BallastProcess.Outcome {
        let script = """
            \(before)
            env --default-signal=INT "$@" & job=$!
            until \(isReady); do kill -0 $job || exit 99; sleep 0.05; done
            \(then)
            """
        return try await BallastProcess.run(
            command: ["bash", "-c", script, "bash", BallastProcess.binary.path] + arguments,
            environment: ["OMP_NUM_THREADS": "1"])
    }

    private static func thirdStep(_ folder: ScratchFolder) -> String {
        "grep -q '\"step\":3}' '\(folder.url.path)/run/metrics.jsonl' 2>/dev/null"
    }

    @Test(arguments: ["TERM", "INT", "HUP", "USR1"])
    func eachSignalSavesAndEndsWithSeventyFive(name: String) async throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let stopped = try await Self.run(
            Self.arguments(folder), isReady: Self.thirdStep(folder), then: "kill -\(name) $job; wait $job")
        #expect(stopped.exitCode == 75, "\(stopped.errors)")
        #expect(stopped.errors.contains("which is saved; run again to continue"))
        let run = RunFolder(url: folder.url.appending(path: "run"))
        let done = try run.steps("step").count
        #expect(
            try FileManager.default.contentsOfDirectory(
                atPath: run.url.appending(path: "checkpoints").path)
                == [String(format: "step-%08d", done)])
    }

    /// The fourth step never ends, so that nothing comes of the first signal.
    @Test(arguments: [("INT", 130), ("TERM", 143), ("HUP", 129)])
    func aSecondSignalEndsAtOnce(name: String, code: Int32) async throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let ended = try await Self.run(
            Self.arguments(folder),
            before: "export BALLAST_FAULTS=step=4,rank=0,point=forward,kind=hang",
            isReady: Self.thirdStep(folder),
            then: "kill -\(name) $job; sleep 0.5; kill -0 $job || exit 98; kill -\(name) $job; wait $job")
        #expect(ended.exitCode == code, "\(ended.errors)")
    }

    /// `nohup ballast train` outlives its terminal.
    @Test func aSignalThatIsIgnoredStaysSo() async throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let stopped = try await Self.run(
            Self.arguments(folder), before: "trap '' HUP", isReady: Self.thirdStep(folder),
            then: "kill -HUP $job; sleep 0.5; kill -0 $job || exit 98; kill -TERM $job; wait $job")
        #expect(stopped.exitCode == 75, "\(stopped.errors)")
    }

    /// Other commands have nothing to save, and end as programs do.
    @Test(arguments: [("INT", 130), ("TERM", 143)])
    func otherCommandsEndAtOnce(name: String, code: Int32) async throws {
        let ended = try await Self.run(
            [
                "benchmark", "--network", "resnet18", "--batch", "1", "--image-size", "32", "--steps",
                "100000",
            ], isReady: "sleep 1", then: "kill -\(name) $job; wait $job")
        #expect(ended.exitCode == code, "\(ended.errors)")
    }

    /// Nobody reads along any more: no reason to end.
    @Test func aClosedPipeBehindStandardErrorEndsNothing() async throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let ended = try await BallastProcess.run(
            command: [
                "bash", "-c",
                "set -o pipefail; { \"$@\" 2>&1 >&3 3>&- | exec true; } 3>&1; exit ${PIPESTATUS[0]}",
                "bash", BallastProcess.binary.path,
            ] + Self.arguments(folder) + ["training.steps-per-epoch=50"],
            environment: ["OMP_NUM_THREADS": "1"])
        #expect(ended.exitCode == 0, "\(ended.errors)")
        #expect(ended.output.contains("model: "))
    }
}

/// Processes that a launcher starts and that MPI does not know of.
@Suite(.serialized) struct BareStepTests {
    private static let job = ["SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "OMP_NUM_THREADS": "1"]
    private static let step = job.merging(["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2"]) { $1 }

    @Test func srunWithoutPMIxIsRefusedByOneForAll() async throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let run = folder.url.appending(path: "run")
        for rank in 0..<2 {
            let ended = try await BallastProcess.run(
                command: [
                    BallastProcess.binary.path, "train", "--config",
                    BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path, "--set",
                    "output=\(run.path)",
                ], environment: Self.step.merging(["SLURM_PROCID": String(rank)]) { $1 })
            #expect(ended.exitCode == 64, "\(ended.errors)")
            if rank == 0 {
                #expect(ended.errors.contains("srun started 2 processes (SLURM_STEP_NUM_TASKS is set)"))
                #expect(ended.errors.contains("--mpi=pmix"), "\(ended.errors)")
            } else {
                #expect(ended.errors.isEmpty, "\(ended.errors)")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: run.path))
    }

    @Test func aPlainProgramInTheScriptOfAJobRuns() async throws {
        let ended = try await BallastProcess.run(
            command: [
                BallastProcess.binary.path, "train", "--config",
                BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path, "--dry-run",
            ], environment: Self.job.merging(["SLURM_PROCID": "0"]) { $1 })
        #expect(ended.exitCode == 0, "\(ended.errors)")
    }
}
