import Foundation
import TestSupport
import Testing

extension FailingRanksTests {
    /// What a run writes while it goes on: that saving changes nothing, that what cannot be written is said, and who may
    /// write where.
    @Suite(.serialized) struct SavingTests {
        /// A full disk is said each time, and ends the run only where it is told to.
        @Test(arguments: ["warn", "stop"])
        func aSaveThatFailsIsSaid(reaction: String) async throws {
            let folder = try ScratchFolder()
            let outcome = try await BallastProcess.run(
                FailingRanksTests.arguments(
                    "fine-tune", folder, "run", ["checkpoint.on-failure=\(reaction)"]), ranks: 2,
                faults: "step=2,rank=0,point=before-write,kind=disk-full")
            #expect(outcome.exitCode == (reaction == "warn" ? 0 : 74), "\(outcome.errors)")
            #expect(outcome.errors.contains("checkpoint of step 2 failed: "))
            #expect(outcome.errors.contains("No space left on device"))
        }

        /// A disk that hangs while a checkpoint is written never makes the run hang.
        @Test(arguments: ["warn", "stop"])
        func aSaveThatHangsIsSaid(reaction: String) async throws {
            let folder = try ScratchFolder()
            let expected = try await FailingRanksTests.undisturbed("fine-tune", folder)
            let arguments = FailingRanksTests.arguments(
                "fine-tune", folder, "run",
                ["checkpoint.on-failure=\(reaction)", "checkpoint.timeout-seconds=1"])
            let outcome = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=4,rank=0,point=before-fsync,kind=hang")
            #expect(
                outcome.errors.contains("step-00000004: it is still not written after 1 s"),
                "\(outcome.errors)")
            #expect(outcome.exitCode == (reaction == "warn" ? 0 : 74), "\(outcome.errors)")
            let run = RunFolder(url: folder.url.appending(path: "run"))
            if reaction == "warn" {
                #expect(
                    outcome.errors.contains("step 5 is not saved") && outcome.errors.contains("step 6 is not")
                )
                #expect(try run.modelBytes == expected)
            } else {
                let resumed = try await BallastProcess.run(arguments, ranks: 2)
                #expect(resumed.errors.contains("goes on after step 3\n"), "\(resumed.errors)")
                #expect(try run.modelBytes == expected)
            }
        }

        /// A file of rank 0 that may not grow any more, as on a full disk, ends all ranks with one message.
        @Test(arguments: [
            ("metrics.jsonl", 1, "none"), ("model.safetensors", 100_000, "trajectory-data.safetensors"),
        ])
        func aFileThatCannotBeWrittenEndsAllRanks(name: String, limit: Int, validation: String) async throws {
            let folder = try ScratchFolder()
            let run = folder.url.appending(path: "run")
            let data =
                validation == "none" ? "none" : BallastProcess.golden.appending(path: validation).path
            let arguments = FailingRanksTests.arguments(
                "fine-tune", folder, "run",
                [
                    "training.steps-per-epoch=20", "training.epochs=10000", "checkpoint.every-steps=null",
                    "data.validation=\(data)",
                ])
            let ended = try await BallastProcess.run(arguments, ranks: 2, whenRunning: run) {
                "prlimit --pid \($0) --fsize=\(limit)"
            }
            #expect(ended.exitCode == 74, "\(ended.errors)")
            let message = "\(run.path)/\(name): "
            #expect(ended.errors.split(separator: "ballast: ").count == 2, "\(ended.errors)")
            #expect(ended.errors.contains("ballast: " + message), "\(ended.errors)")
            #expect(ended.errors.contains("File too large"), "\(ended.errors)")
        }

        /// Two runs would spoil each other's files.
        @Test func aFolderBelongsToOneRunAtATime() async throws {
            let folder = try ScratchFolder()
            let arguments = FailingRanksTests.arguments(
                "fine-tune", folder, "run",
                ["training.steps-per-epoch=200000", "checkpoint.every-steps=null"])
            let run = folder.url.appending(path: "run")
            let ended = try await BallastProcess.run(arguments, ranks: 2, whenRunning: run) {
                """
                '\(BallastProcess.binary.path)' \(arguments.map { "'\($0)'" }.joined(separator: " ")) --resume none \
                    > '\(run.path)/second' 2>&1
                echo "second ended with $?" >> '\(run.path)/second'
                kill -USR1 \($0)
                """
            }
            #expect(ended.exitCode == 75, "\(ended.errors)")
            let second = try String(contentsOf: run.appending(path: "second"), encoding: .utf8)
            #expect(second.contains("another run writes there (process "), "\(second)")
            #expect(second.contains("second ended with 64"), "\(second)")
            #expect(!folder.url.appending(path: "run.1").isThere && !run.appending(path: ".lock").isThere)
        }

        @Test func savingNeverChangesTheRun() async throws {
            let folder = try ScratchFolder()
            let expected = try await FailingRanksTests.undisturbed("lwf", folder)
            let unsaved = try await BallastProcess.run(
                FailingRanksTests.arguments("lwf", folder, "unsaved", ["checkpoint.every-steps=null"]),
                ranks: 2)
            #expect(unsaved.exitCode == 0)
            #expect(!folder.url.appending(path: "unsaved/checkpoints").isThere)
            #expect(try RunFolder(url: folder.url.appending(path: "unsaved")).modelBytes == expected)
            // What it cost the steps is told apart from what was done beside them.
            let saves = try RunFolder(url: folder.url.appending(path: "undisturbed")).events("checkpoint")
            #expect(try saves.map { try $0.number("step") } == [1, 2, 3, 4, 5, 6])
            for save in saves {
                #expect(save.keys == ["bytes", "event", "seconds", "step", "step-seconds"])
                #expect(try save.number("step-seconds") > 0 && save.number("seconds") > 0)
            }
        }

        /// One rank gets the signal; all save and end.
        @Test func aSignalToOneRankSavesAndEndsWithSeventyFive() async throws {
            let folder = try ScratchFolder()
            let arguments = FailingRanksTests.arguments(
                "fine-tune", folder, "run",
                ["training.steps-per-epoch=200000", "checkpoint.every-steps=null"])
            let run = RunFolder(url: folder.url.appending(path: "run"))
            let stopped = try await BallastProcess.run(arguments, ranks: 2, whenRunning: run.url) {
                "kill -USR1 \($0)"
            }
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
