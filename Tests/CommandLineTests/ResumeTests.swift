import Foundation
import Tensors
import Testing

extension ManyRanksTests {
    /// Runs that end before their time and are started again.
    @Suite(.serialized) struct ResumeTests {
        private static func arguments(
            _ method: String, _ folder: TemporaryFolder, _ name: String, _ further: [String] = []
        ) -> [String] {
            let file = BallastProcess.golden.appending(path: "trajectory-\(method).yaml").path
            return [
                "train", "--config", file, "--set", "output=\(folder.url.appending(path: name).path)",
                "checkpoint.every-steps=1",
            ] + further
        }

        /// The bytes of the model of a run on two ranks that nothing disturbed.
        private static func undisturbed(_ method: String, _ folder: TemporaryFolder) async throws -> Data {
            let outcome = try await BallastProcess.run(arguments(method, folder, "undisturbed"), ranks: 2)
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            return try RunFolder(url: folder.url.appending(path: "undisturbed")).modelBytes
        }

        /// A rank is killed in the fourth step; what goes on afterwards ends with the same bits.
        @Test(arguments: TrajectoryTests.methods)
        func aRunThatWasKilledEndsWithTheSameBits(method: String) async throws {
            let folder = try TemporaryFolder()
            let expected = try await Self.undisturbed(method, folder)
            let arguments = Self.arguments(method, folder, "killed")
            let killed = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=4,rank=1,point=backward,kind=sigkill")
            #expect(killed.exitCode == 137)
            let run = RunFolder(url: folder.url.appending(path: "killed"))
            #expect(!run.url.appending(path: "model.safetensors").isThere)
            let resumed = try await BallastProcess.run(arguments, ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("goes on after step "))
            #expect(try run.modelBytes == expected)
            #expect(try run.steps("step") == [1, 2, 3, 4, 5, 6])
        }

        /// Each point of a step and of saving, on each rank that gets there.
        @Test(arguments: [
            ("forward", "sigkill", 0), ("forward", "throw", 1), ("backward", "throw", 0),
            ("inside-sum", "sigkill", 1), ("inside-sum", "throw", 0), ("optimizer", "sigkill", 0),
            ("optimizer", "throw", 1), ("before-write", "sigkill", 0), ("half-written", "sigkill", 0),
            ("before-fsync", "sigkill", 0), ("before-rename", "sigkill", 0), ("after-rename", "sigkill", 0),
        ])
        func everyPointIsSafe(point: String, kind: String, rank: Int) async throws {
            let folder = try TemporaryFolder()
            let expected = try await Self.undisturbed("l2-sp", folder)
            let arguments = Self.arguments("l2-sp", folder, "killed")
            let ended = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=3,rank=\(rank),point=\(point),kind=\(kind)")
            #expect(ended.exitCode != 0)
            let resumed = try await BallastProcess.run(arguments, ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(try RunFolder(url: folder.url.appending(path: "killed")).modelBytes == expected)
        }

        /// A full disk is said each time, and ends the run only where it is told to.
        @Test(arguments: ["warn", "stop"])
        func aSaveThatFailsIsSaid(reaction: String) async throws {
            let folder = try TemporaryFolder()
            let outcome = try await BallastProcess.run(
                Self.arguments("fine-tune", folder, "run", ["checkpoint.on-failure=\(reaction)"]), ranks: 2,
                faults: "step=2,rank=0,point=before-write,kind=disk-full")
            #expect(outcome.exitCode == (reaction == "warn" ? 0 : 74), "\(outcome.errors)")
            #expect(outcome.errors.contains("checkpoint of step 2 failed: "))
            #expect(outcome.errors.contains("No space left on device"))
        }

        @Test(arguments: [0, 1, 3])
        func anotherNumberOfRanksGoesOn(ranks: Int) async throws {
            let folder = try TemporaryFolder()
            _ = try await Self.undisturbed("bi-tuning", folder)
            let expected = try RunFolder(url: folder.url.appending(path: "undisturbed")).steps("loss")
            let arguments = Self.arguments("bi-tuning", folder, "run")
            _ = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=4,rank=0,point=forward,kind=throw")
            let resumed = try await BallastProcess.run(arguments, ranks: ranks)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            let found = try RunFolder(url: folder.url.appending(path: "run")).steps("loss")
            #expect(isClose(found, expected, relative: 1e-5, absolute: 0), "\(found), expected \(expected)")
            // Another order of the samples must show: the comparison can fail.
            #expect(!isClose(found.reversed(), expected, relative: 1e-3, absolute: 0))
        }

        @Test func aDamagedCheckpointIsPassedOver() async throws {
            let folder = try TemporaryFolder()
            let expected = try await Self.undisturbed("fine-tune", folder)
            let arguments = Self.arguments("fine-tune", folder, "run")
            _ = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=5,rank=0,point=forward,kind=throw")
            let checkpoints = folder.url.appending(path: "run/checkpoints")
            let newest = try #require(
                FileManager.default.contentsOfDirectory(atPath: checkpoints.path).sorted().last)
            let file = checkpoints.appending(path: "\(newest)/state.safetensors")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
            let resumed = try await BallastProcess.run(arguments, ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("checkpoint not used: ") && resumed.errors.contains(newest))
            #expect(try RunFolder(url: folder.url.appending(path: "run")).modelBytes == expected)
        }

        @Test func anotherConfigurationIsRefusedWithItsDifferences() async throws {
            let folder = try TemporaryFolder()
            _ = try await Self.undisturbed("fine-tune", folder)
            let other = try await BallastProcess.run(
                Self.arguments("fine-tune", folder, "undisturbed", ["optimizer.learning-rate=0.5"]), ranks: 2)
            #expect(other.exitCode == 65)
            #expect(other.errors.contains("optimizer.learning-rate was 0.01, is 0.5"), "\(other.errors)")
            // More epochs may be asked for, and beginning anew is always possible.
            let longer = try await BallastProcess.run(
                Self.arguments("fine-tune", folder, "undisturbed", ["training.epochs=2"]), ranks: 2)
            #expect(longer.exitCode == 0, "\(longer.errors)")
            #expect(try RunFolder(url: folder.url.appending(path: "undisturbed")).steps("step").count == 12)
            let anew = try await BallastProcess.run(
                Self.arguments("fine-tune", folder, "undisturbed") + ["--resume", "none"], ranks: 2)
            #expect(anew.exitCode == 0, "\(anew.errors)")
            #expect(folder.url.appending(path: "undisturbed.1").isThere)
        }

        @Test func savingNeverChangesTheRun() async throws {
            let folder = try TemporaryFolder()
            let expected = try await Self.undisturbed("lwf", folder)
            let unsaved = try await BallastProcess.run(
                Self.arguments("lwf", folder, "unsaved", ["checkpoint.every-steps=null"]), ranks: 2)
            #expect(unsaved.exitCode == 0)
            #expect(!folder.url.appending(path: "unsaved/checkpoints").isThere)
            #expect(try RunFolder(url: folder.url.appending(path: "unsaved")).modelBytes == expected)
        }

        /// One rank gets the signal; all save and end.
        @Test func aSignalToOneRankSavesAndEndsWithSeventyFive() async throws {
            let folder = try TemporaryFolder()
            let arguments = Self.arguments(
                "fine-tune", folder, "run",
                ["training.steps-per-epoch=200000", "checkpoint.every-steps=null"])
            let run = RunFolder(url: folder.url.appending(path: "run"))
            // The pattern begins with the program, so that it fits the ranks and not `mpirun`.
            let script = """
                "$@" & job=$!
                until grep -q '"step":3}' '\(run.url.path)/metrics.jsonl' 2>/dev/null; do sleep 0.1; done
                pkill -USR1 --oldest -f '^\(BallastProcess.binary.path) train .*\(run.url.path)'
                wait $job
                """
            let stopped = try await BallastProcess.run(
                command: [
                    "bash", "-c", script, "bash", "mpirun", "--oversubscribe", "-np", "2",
                    BallastProcess.binary.path,
                ] + arguments,
                environment: [
                    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                    "OMP_NUM_THREADS": "1",
                ])
            #expect(stopped.exitCode == 75, "\(stopped.errors)")
            #expect(stopped.errors.contains("which is saved; run again to continue"))
            let done = try run.steps("step").count
            #expect(
                try FileManager.default.contentsOfDirectory(
                    atPath: run.url.appending(path: "checkpoints").path)
                    == [String(format: "step-%08d", done)])
        }
    }
}

extension URL {
    /// Whether there is a file or folder.
    fileprivate var isThere: Bool { FileManager.default.fileExists(atPath: path) }
}
