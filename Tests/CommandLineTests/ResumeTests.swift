import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

extension FailingRanksTests {
    /// Runs that end before their time and are started again.
    @Suite(.serialized) struct ResumeTests {
        private static func arguments(
            _ method: String, _ folder: ScratchFolder, _ name: String, _ further: [String] = []
        ) -> [String] {
            let file = BallastProcess.golden.appending(path: "trajectory-\(method).yaml").path
            return [
                "train", "--config", file, "--set", "output=\(folder.url.appending(path: name).path)",
                "checkpoint.every-steps=1",
            ] + further
        }

        /// The bytes of the model of a run on two ranks that nothing disturbed.
        private static func undisturbed(_ method: String, _ folder: ScratchFolder) async throws -> Data {
            let outcome = try await BallastProcess.run(arguments(method, folder, "undisturbed"), ranks: 2)
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            return try RunFolder(url: folder.url.appending(path: "undisturbed")).modelBytes
        }

        /// A rank is killed in the fourth step, for each method at another point; what goes on afterwards ends
        /// with the same bits. `Tests/run-fault-table.sh` has all methods, points, kinds and ranks.
        @Test(
            arguments: zip(
                ManyRanksTests.TrajectoryTests.methods,
                [
                    ("backward", 1), ("after-rename", 0), ("forward", 0), ("before-rename", 0),
                    ("optimizer", 1),
                    ("half-written", 0), ("inside-all-reduce", 0), ("before-fsync", 0),
                ]))
        func aRunThatWasKilledEndsWithTheSameBits(method: String, place: (point: String, rank: Int))
            async throws
        {
            let folder = try ScratchFolder()
            let expected = try await Self.undisturbed(method, folder)
            let arguments = Self.arguments(method, folder, "killed")
            let killed = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=4,rank=\(place.rank),point=\(place.point),kind=sigkill")
            #expect(killed.exitCode == 137)
            let run = RunFolder(url: folder.url.appending(path: "killed"))
            #expect(!run.url.appending(path: "model.safetensors").isThere)
            let resumed = try await BallastProcess.run(arguments, ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("goes on after step "))
            #expect(try run.modelBytes == expected)
            #expect(try run.steps("step") == [1, 2, 3, 4, 5, 6])
            // From where the first start began, and not from the checkpoint.
            let undisturbed = RunFolder(url: folder.url.appending(path: "undisturbed"))
            let distances = try run.distances
            #expect(try distances.count == 1 && distances == undisturbed.distances)
            #expect(try run.contents(of: "report.json") == undisturbed.contents(of: "report.json"))
        }

        /// Each point of a step and of saving, on each rank that gets there.
        @Test(arguments: [
            ("forward", "sigkill", 0), ("forward", "throw", 1), ("backward", "throw", 0),
            ("inside-all-reduce", "sigkill", 1), ("inside-all-reduce", "throw", 0),
            ("optimizer", "sigkill", 0),
            ("optimizer", "throw", 1), ("before-write", "sigkill", 0), ("half-written", "sigkill", 0),
            ("before-fsync", "sigkill", 0), ("before-rename", "sigkill", 0), ("after-rename", "sigkill", 0),
        ])
        func everyPointIsSafe(point: String, kind: String, rank: Int) async throws {
            let folder = try ScratchFolder()
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
            let folder = try ScratchFolder()
            let outcome = try await BallastProcess.run(
                Self.arguments("fine-tune", folder, "run", ["checkpoint.on-failure=\(reaction)"]), ranks: 2,
                faults: "step=2,rank=0,point=before-write,kind=disk-full")
            #expect(outcome.exitCode == (reaction == "warn" ? 0 : 74), "\(outcome.errors)")
            #expect(outcome.errors.contains("checkpoint of step 2 failed: "))
            #expect(outcome.errors.contains("No space left on device"))
        }

        /// Leaves Bi-Tuning on two ranks broken off in its fourth step in `run`.
        ///
        /// - Returns: What starts it again, and the losses of a run that was not disturbed.
        private static func interrupted(
            _ folder: ScratchFolder
        ) async throws -> (arguments: [String], expected: [Double]) {
            _ = try await undisturbed("bi-tuning", folder)
            let expected = try RunFolder(url: folder.url.appending(path: "undisturbed")).steps("loss")
            let arguments = arguments("bi-tuning", folder, "run")
            _ = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=4,rank=0,point=forward,kind=throw")
            return (arguments, expected)
        }

        /// From a checkpoint of two ranks.
        @Test(arguments: [0, 1, 2, 3, 4])
        func anotherNumberOfRanksGoesOn(ranks: Int) async throws {
            let folder = try ScratchFolder()
            let (arguments, expected) = try await Self.interrupted(folder)
            let resumed = try await BallastProcess.run(arguments, ranks: ranks)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            let here = ranks < 2 ? "1 rank on" : "\(ranks) ranks on"
            #expect(
                resumed.errors.contains("notice: the checkpoint is of 2 ranks on ") == (ranks != 2)
                    && resumed.errors.contains("and this is \(here) ") == (ranks != 2), "\(resumed.errors)")
            let found = try RunFolder(url: folder.url.appending(path: "run")).steps("loss")
            #expect(isClose(found, expected, relative: 1e-5, absolute: 0), "\(found), expected \(expected)")
        }

        /// The comparison above can fail: whoever loses the momentum, and nothing else, is found out.
        @Test func aStateWithoutMomentumShows() async throws {
            let folder = try ScratchFolder()
            let (arguments, expected) = try await Self.interrupted(folder)
            let checkpoint = try CheckpointFolder.newest(in: folder.url.appending(path: "run"))
            try await checkpoint.clear("optimizer.momentum.")
            let resumed = try await BallastProcess.run(arguments, ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("goes on after step \(checkpoint.step)\n"))
            let found = try RunFolder(url: folder.url.appending(path: "run")).steps("loss")
            // The first step after it still has the loss of the same parameters.
            #expect(
                isClose(Array(found[...checkpoint.step]), Array(expected[...checkpoint.step]), relative: 1e-5)
            )
            #expect(!isClose(found, expected, relative: 1e-4), "\(found), expected \(expected)")
        }

        /// Each rank has running statistics of its own, and each gets them back.
        @Test func localStatisticsOfEachRankGoOn() async throws {
            let folder = try ScratchFolder()
            func arguments(_ name: String) -> [String] {
                Self.arguments("fine-tune", folder, name, ["network.batch-norm=local"])
            }
            _ = try await BallastProcess.run(arguments("undisturbed"), ranks: 2)
            let undisturbed = RunFolder(url: folder.url.appending(path: "undisturbed"))
            _ = try await BallastProcess.run(
                arguments("killed"), ranks: 2, faults: "step=5,rank=1,point=forward,kind=sigkill")
            let killed = folder.url.appending(path: "killed")
            let state = try CheckpointFolder.newest(in: killed).state
            let statistics = try state.tensor("running-statistics-of-ranks")
            let half = statistics.elements.count / 2
            #expect(statistics.shape[0] == 2 && statistics.elements[..<half] != statistics.elements[half...])
            try FileManager.default.copyItem(at: killed, to: folder.url.appending(path: "other"))
            let resumed = try await BallastProcess.run(arguments("killed"), ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(try RunFolder(url: killed).modelBytes == undisturbed.modelBytes)
            let other = try await BallastProcess.run(arguments("other"), ranks: 3)
            #expect(other.exitCode == 0, "\(other.errors)")
            #expect(try RunFolder(url: folder.url.appending(path: "other")).steps("loss").count == 6)
            // Where all ranks have the same, nothing is kept twice.
            let both = try await BallastProcess.run(
                Self.arguments("fine-tune", folder, "synchronized"), ranks: 2)
            #expect(both.exitCode == 0, "\(both.errors)")
            let synchronized = try CheckpointFolder.newest(in: folder.url.appending(path: "synchronized"))
                .state
            #expect(!synchronized.names.contains("running-statistics-of-ranks"))
        }

        @Test func aDamagedCheckpointIsPassedOver() async throws {
            let folder = try ScratchFolder()
            let expected = try await Self.undisturbed("fine-tune", folder)
            let arguments = Self.arguments("fine-tune", folder, "run")
            _ = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=5,rank=0,point=forward,kind=throw")
            let damaged = try CheckpointFolder.newest(in: folder.url.appending(path: "run"))
            let file = damaged.url.appending(path: "state.safetensors")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
            // Whoever names it wants no other one.
            let named = try await BallastProcess.run(arguments + ["--resume", damaged.url.path], ranks: 2)
            #expect(named.exitCode == 65)
            #expect(
                named.errors.contains("step-0000000\(damaged.step)/state.safetensors: its contents changed"))
            let resumed = try await BallastProcess.run(arguments, ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("checkpoint not used: \(damaged.url.path)/state"))
            #expect(try RunFolder(url: folder.url.appending(path: "run")).modelBytes == expected)
        }

        /// Neither by itself nor by name: the optimizer's state has other names since.
        @Test func aCheckpointOfTheFormatBeforeIsRefused() async throws {
            let folder = try ScratchFolder()
            let (arguments, _) = try await Self.interrupted(folder)
            let run = folder.url.appending(path: "run/checkpoints")
            // What was being written when the run was killed has no manifest yet.
            for name in try FileManager.default.contentsOfDirectory(atPath: run.path)
            where !name.hasPrefix(".") {
                let manifest = run.appending(path: name + "/manifest.json")
                let text = try String(contentsOf: manifest, encoding: .utf8)
                let old = text.replacing("\"format-version\" : 2", with: "\"format-version\" : 1")
                #expect(old != text)
                try Data(old.utf8).write(to: manifest)
            }
            let named = try CheckpointFolder.newest(in: folder.url.appending(path: "run")).url.path
            for further in [[], ["--resume", named]] {
                let refused = try await BallastProcess.run(arguments + further, ranks: 2)
                #expect(refused.exitCode == 65, "\(refused.errors)")
                #expect(
                    refused.errors.contains(
                        "it is of format version 1, and this program reads format version 2"),
                    "\(refused.errors)")
            }
        }

        /// A disk that hangs while a checkpoint is written never makes the run hang.
        @Test(arguments: ["warn", "stop"])
        func aSaveThatHangsIsSaid(reaction: String) async throws {
            let folder = try ScratchFolder()
            let expected = try await Self.undisturbed("fine-tune", folder)
            let arguments = Self.arguments(
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
            let arguments = Self.arguments(
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
            let arguments = Self.arguments(
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

        @Test func anotherConfigurationIsRefusedWithItsDifferences() async throws {
            let folder = try ScratchFolder()
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

        /// Checkpoints, lines of the log and the model that a run going back would undo are kept; from its own folder
        /// and from that of another run.
        @Test(arguments: ["run", "other"])
        func whatIsNewerIsMovedAside(source: String) async throws {
            let folder = try ScratchFolder()
            let data = BallastProcess.golden.appending(path: "trajectory-data.safetensors").path
            let settings = ["data.validation=\(data)", "training.steps-per-epoch=2", "training.epochs=3"]
            for name in Set(["run", source]) {
                let outcome = try await BallastProcess.run(
                    Self.arguments("fine-tune", folder, name, settings + ["checkpoint.keep=9"]))
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
            }
            let run = RunFolder(url: folder.url.appending(path: "run"))
            let (metrics, model) = (try run.contents(of: "metrics.jsonl"), try run.modelBytes)
            let point = folder.url.appending(path: "\(source)/checkpoints/step-00000002").path
            // It ends in its first step, before it has written anything of its own.
            let killed = try await BallastProcess.run(
                Self.arguments("fine-tune", folder, "run", settings + ["--resume", point]),
                faults: "step=3,rank=0,point=forward,kind=sigkill")
            #expect(killed.exitCode != 0, "\(killed.errors)")
            let aside = RunFolder(url: folder.url.appending(path: "run.1"))
            #expect(
                killed.errors.contains(
                    "what \(run.url.path) has after step 2 is moved aside: \(aside.url.path)\n"),
                "\(killed.errors)")
            #expect(
                try aside.names == [
                    "checkpoints", "config.yaml", RunFolder.eventFile, "metrics.jsonl", "model.json",
                    "model.safetensors", "report.html", "report.json",
                ])
            #expect(try aside.contents(of: "metrics.jsonl") == metrics && aside.modelBytes == model)
            func checkpoints(_ run: RunFolder) throws -> [String] {
                try RunFolder(url: run.url.appending(path: "checkpoints")).names
            }
            #expect(!run.url.appending(path: "report.json").isThere)
            #expect(try checkpoints(run) == [1, 2].map { "step-0000000\($0)" })
            #expect(try checkpoints(aside) == [3, 4, 5, 6].map { "step-0000000\($0)" })
            #expect(try run.steps("step") == [1, 2])
            // What was moved aside is a run, and so is what goes on.
            for name in ["run", "run.1"] {
                let outcome = try await BallastProcess.run(
                    Self.arguments("fine-tune", folder, name, settings))
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                let ended = RunFolder(url: folder.url.appending(path: name))
                #expect(try ended.modelBytes == model)
                #expect(try ended.steps("step") == [1, 2, 3, 4, 5, 6])
            }
            #expect(try folder.names == Set(["run", "run.1", source]).sorted())
        }

        @Test func savingNeverChangesTheRun() async throws {
            let folder = try ScratchFolder()
            let expected = try await Self.undisturbed("lwf", folder)
            let unsaved = try await BallastProcess.run(
                Self.arguments("lwf", folder, "unsaved", ["checkpoint.every-steps=null"]), ranks: 2)
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
            let arguments = Self.arguments(
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

/// A checkpoint of a run, as others see it.
private struct CheckpointFolder {
    let url: URL
    var step: Int { Int(url.lastPathComponent.dropFirst(5)) ?? 0 }

    /// The newest one in the folder of a run.
    static func newest(in run: URL) throws -> CheckpointFolder {
        let folder = run.appending(path: "checkpoints")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let newest = try #require(names.filter { $0.hasPrefix("step-") }.max())
        return CheckpointFolder(url: folder.appending(path: newest))
    }

    /// Its tensors.
    var state: SafetensorsFile {
        get throws { try SafetensorsFile(contentsOf: url.appending(path: "state.safetensors").path) }
    }

    /// Sets the tensors to zero whose names begin so, and makes the hashes right again.
    func clear(_ prefix: String) async throws {
        let state = try state
        var writer = SafetensorsWriter()
        for name in state.names {
            if let integers = try? state.integers(name), let shape = state.shape(of: name) {
                writer.add(name, integers: integers.map(Int64.init), shape: shape)
            } else {
                let tensor = try state.tensor(name)
                writer.add(name, name.hasPrefix(prefix) ? Tensor(repeating: 0, tensor.shape) : tensor)
            }
        }
        let manifest = url.appending(path: "manifest.json")
        let old = try await Self.digest(of: url.appending(path: "state.safetensors"))
        try writer.write(to: url.appending(path: "state.safetensors").path)
        let new = try await Self.digest(of: url.appending(path: "state.safetensors"))
        #expect(old != new)
        var text = try String(contentsOf: manifest, encoding: .utf8).replacing(old, with: new)
        let own = try #require(text.firstMatch(of: /"manifest-sha-256" : "([0-9a-f]{64})"/)).1
        let zeros = String(repeating: "0", count: 64)
        text = text.replacing(own, with: zeros)
        try Data(text.utf8).write(to: manifest)
        text = text.replacing(zeros, with: try await Self.digest(of: manifest))
        try Data(text.utf8).write(to: manifest)
    }

    private static func digest(of file: URL) async throws -> String {
        let outcome = try await BallastProcess.run(command: ["sha256sum", file.path])
        return String(outcome.output.prefix(64))
    }
}

extension URL {
    /// Whether there is a file or folder.
    var isThere: Bool { FileManager.default.fileExists(atPath: path) }
}
