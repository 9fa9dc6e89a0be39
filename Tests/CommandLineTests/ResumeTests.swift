import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

extension FailingRanksTests {
    /// Runs that end before their time and are started again.
    @Suite(.serialized) struct ResumeTests {
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
            let expected = try await FailingRanksTests.undisturbed(method, folder)
            let arguments = FailingRanksTests.arguments(method, folder, "killed")
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
            let expected = try await FailingRanksTests.undisturbed("l2-sp", folder)
            let arguments = FailingRanksTests.arguments("l2-sp", folder, "killed")
            let ended = try await BallastProcess.run(
                arguments, ranks: 2, faults: "step=3,rank=\(rank),point=\(point),kind=\(kind)")
            #expect(ended.exitCode != 0)
            let resumed = try await BallastProcess.run(arguments, ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(try RunFolder(url: folder.url.appending(path: "killed")).modelBytes == expected)
        }

        /// Leaves Bi-Tuning on two ranks broken off in its fourth step in `run`.
        ///
        /// - Returns: What starts it again, and the losses of a run that was not disturbed.
        private static func interrupted(
            _ folder: ScratchFolder
        ) async throws -> (arguments: [String], expected: [Double]) {
            _ = try await FailingRanksTests.undisturbed("bi-tuning", folder)
            let expected = try RunFolder(url: folder.url.appending(path: "undisturbed")).steps("loss")
            let arguments = FailingRanksTests.arguments("bi-tuning", folder, "run")
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
                FailingRanksTests.arguments("fine-tune", folder, name, ["network.batch-norm=local"])
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
                FailingRanksTests.arguments("fine-tune", folder, "synchronized"), ranks: 2)
            #expect(both.exitCode == 0, "\(both.errors)")
            let synchronized = try CheckpointFolder.newest(in: folder.url.appending(path: "synchronized"))
                .state
            #expect(!synchronized.names.contains("running-statistics-of-ranks"))
        }

        @Test func aDamagedCheckpointIsPassedOver() async throws {
            let folder = try ScratchFolder()
            let expected = try await FailingRanksTests.undisturbed("fine-tune", folder)
            let arguments = FailingRanksTests.arguments("fine-tune", folder, "run")
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

        @Test func anotherConfigurationIsRefusedWithItsDifferences() async throws {
            let folder = try ScratchFolder()
            _ = try await FailingRanksTests.undisturbed("fine-tune", folder)
            let other = try await BallastProcess.run(
                FailingRanksTests.arguments(
                    "fine-tune", folder, "undisturbed", ["optimizer.learning-rate=0.5"]), ranks: 2)
            #expect(other.exitCode == 65)
            #expect(other.errors.contains("optimizer.learning-rate was 0.01, is 0.5"), "\(other.errors)")
            // More epochs may be asked for, and beginning anew is always possible.
            let longer = try await BallastProcess.run(
                FailingRanksTests.arguments("fine-tune", folder, "undisturbed", ["training.epochs=2"]),
                ranks: 2)
            #expect(longer.exitCode == 0, "\(longer.errors)")
            #expect(try RunFolder(url: folder.url.appending(path: "undisturbed")).steps("step").count == 12)
            let anew = try await BallastProcess.run(
                FailingRanksTests.arguments("fine-tune", folder, "undisturbed") + ["--resume", "none"],
                ranks: 2)
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
                    FailingRanksTests.arguments("fine-tune", folder, name, settings + ["checkpoint.keep=9"]))
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
            }
            let run = RunFolder(url: folder.url.appending(path: "run"))
            let (metrics, model) = (try run.contents(of: "metrics.jsonl"), try run.modelBytes)
            let point = folder.url.appending(path: "\(source)/checkpoints/step-00000002").path
            // It ends in its first step, before it has written anything of its own.
            let killed = try await BallastProcess.run(
                FailingRanksTests.arguments("fine-tune", folder, "run", settings + ["--resume", point]),
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
                    FailingRanksTests.arguments("fine-tune", folder, name, settings))
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                let ended = RunFolder(url: folder.url.appending(path: name))
                #expect(try ended.modelBytes == model)
                #expect(try ended.steps("step") == [1, 2, 3, 4, 5, 6])
            }
            #expect(try folder.names == Set(["run", "run.1", source]).sorted())
        }
    }
}
