import Foundation
import TestSupport
import Testing

extension ManyRanksTests {
    /// What stands in the folder of a run.
    @Suite(.serialized) struct RunFolderTests {
        @Test(arguments: [0, 2])
        func theConfigurationIsCompleteAndReadsAgain(ranks: Int) async throws {
            let folder = try ScratchFolder()
            let run = try await train(in: folder, as: "run", ranks: ranks)
            let text = String(decoding: try run.contents(of: "config.yaml"), as: UTF8.self)
            let lines = text.split(separator: "\n").map(String.init)
            let comments = lines.prefix { $0.hasPrefix("# ") }
            #expect(comments.count == 5)
            for (line, start) in zip(comments, ["# ballast ", "# hosts: ", "# ranks: "]) {
                #expect(line.hasPrefix(start) && line.count > start.count, "\(line)")
            }
            // The hash is what `sha256sum Tests/Golden/source.safetensors` prints.
            let hash = "f7db8633d66500ce4ab5f874a1aed2942bcee76b8e639fd8f7f8664f595ac7ba"
            #expect(
                comments.dropFirst(2) == [
                    "# ranks: \(max(ranks, 1))", "# threads: 1", "# weights-sha256: \(hash)",
                ])
            let again = try await BallastProcess.run(
                ["train", "--config", run.url.appending(path: "config.yaml").path, "--dry-run"])
            #expect(again.exitCode == 0, "\(again.errors)")
            #expect(again.output == lines.dropFirst(5).map { $0 + "\n" }.joined())
        }

        @Test func everyLineOfTheMetricsHasItsKeys() async throws {
            let folder = try ScratchFolder()
            let data = BallastProcess.golden.appending(path: "trajectory-data.safetensors").path
            let run = try await train(
                in: folder, as: "run",
                set: [
                    "data.validation=\(data)", "data.test=\(data)", "training.epochs=2",
                    "training.steps-per-epoch=2",
                ])
            let step = [
                "accuracy", "classification-loss", "epoch", "event", "images-per-second", "learning-rate",
                "loss", "penalty", "seconds", "step",
            ]
            let evaluation = [
                "accuracy", "count", "event", "loss", "mean-class-accuracy", "split", "step",
            ]
            let distances = ["event", "layers", "step"]
            let finished = ["accuracy", "best-by", "best-step", "best-value", "event", "seconds"]
            let notices = try run.events("notice")
            #expect(notices.allSatisfy { $0.keys == ["event", "step", "text"] })
            // Said before the first step: so few samples of a class.
            #expect(
                notices.contains {
                    ($0.values["text"] as? String)?.hasPrefix("class ") == true
                        && $0.values["step"] as? Int == 0
                })
            let events = try run.events.filter { $0.name != "notice" }
            #expect(
                events.map(\.keys) == [
                    step, step, distances, evaluation, step, step, distances, evaluation, evaluation,
                    finished,
                ])
            #expect(try run.steps("step") == [1, 2, 3, 4])
            #expect(try run.steps("epoch") == [0, 0, 1, 1])
            #expect(try run.evaluations("step", of: "validation") == [2, 4])
            #expect(try run.evaluations("step", of: "test") == [4])
            for event in events where event.name == "step" {
                let seconds = try #require(event.values["seconds"] as? [String: Double])
                #expect(
                    seconds.keys.sorted() == ["backward", "communication", "data", "forward", "optimizer"])
            }
        }

        @Test func theModelCanBeReadElsewhere() async throws {
            let folder = try ScratchFolder()
            let run = try await train(in: folder, as: "run")
            #expect(
                try run.names == [
                    "config.yaml", "data-index.json", RunFolder.eventFile, "metrics.jsonl", "model.json",
                    "model.safetensors", "report.html", "report.json",
                ])
            let model = try run.model
            #expect(model.metadata["format"] == "pt")
            // 60 parameters of a ResNet-18, three tensors for each of its 20 batch normalizations, and the head.
            #expect(model.names.count == 122)
            #expect(model.shape(of: "fc.weight") == [5, 64])
            #expect(try model.integers("layer4.1.bn2.num_batches_tracked") == [6])
        }

        @Test(arguments: [0, 2])
        func aRunThatIsThereIsMovedAside(ranks: Int) async throws {
            let folder = try ScratchFolder()
            let first = try await train(in: folder, as: "run", ranks: ranks, set: ["training.seed=1"])
            let old = try first.contents(of: "metrics.jsonl")
            for aside in ["run.1", "run.2"] {
                let next = try await train(
                    in: folder, as: "run", ranks: ranks, set: ["training.steps-per-epoch=1"])
                #expect(try next.steps("step") == [1])
                #expect(FileManager.default.fileExists(atPath: folder.url.appending(path: aside).path))
            }
            let aside = RunFolder(url: folder.url.appending(path: "run.1"))
            #expect(try aside.contents(of: "metrics.jsonl") == old)
            #expect(
                try aside.names == [
                    "config.yaml", "data-index.json", RunFolder.eventFile, "metrics.jsonl", "model.json",
                    "model.safetensors", "report.html", "report.json",
                ])
        }

        /// Whoever prepares `.lock` as another name of a file must not get that file emptied.
        @Test(arguments: ["ln -s", "ln"])
        func aLockThatIsALinkIsRefused(link: String) async throws {
            let folder = try ScratchFolder()
            let precious = folder.url.appending(path: "precious")
            try Data("precious".utf8).write(to: precious)
            let outcome = try await BallastProcess.run(
                command: [
                    "bash", "-c",
                    "mkdir run && \(link) ../precious run/.lock 2>/dev/null || \(link) precious run/.lock",
                ], in: folder.url)
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            let refused = try await BallastProcess.run([
                "train", "--config", BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path,
                "--set", "output=\(folder.url.appending(path: "run").path)",
            ])
            #expect(refused.exitCode == 64)
            #expect(
                refused.errors.contains("run/.lock: is a link, a device or a pipe"), "\(refused.errors)")
            #expect(try folder.text(of: "precious") == "precious")
            #expect(try RunFolder(url: folder.url.appending(path: "run")).names == [".lock"])
        }

        /// Files of users that a run would replace, or move aside with the folder.
        @Test(
            arguments: [
                ["config.yaml"], ["notes.txt"], ["model.safetensors"], ["metrics.jsonl"], [".lock"],
                ["checkpoints/step-00000001/state.safetensors"], ["data/train-images-idx3-ubyte", "a", "b"],
            ], ["auto", "none"])
        func aFolderOfSomebodyElseIsLeftAlone(files: [String], resume: String) async throws {
            let folder = try ScratchFolder()
            let output = folder.url.appending(path: "output")
            for file in files { try Self.put("mine", output.appending(path: file)) }
            let outcome = try await Self.start(in: output, resume: resume)
            #expect(outcome.exitCode == 64, "\(outcome.errors)")
            for file in files {
                let name = file.split(separator: "/")[0]
                #expect(outcome.errors.contains(name), "\(outcome.errors)")
                #expect(try folder.text(of: "output/\(file)") == "mine")
            }
            #expect(try folder.names == ["output"])
            #expect(try RunFolder(url: output).names.count == files.count)
        }

        /// What lies beside the files of a run, or in the place of one.
        @Test(arguments: [
            "notes.txt", "checkpoints/notes.txt", "attention.safetensors/mine", "relationship.svg",
        ])
        func aRunsFolderWithSomethingElseIsNotMoved(file: String) async throws {
            let folder = try ScratchFolder()
            let run = try await train(in: folder, as: "run", set: ["checkpoint.every-steps=3"])
            if file == "relationship.svg" {
                try FileManager.default.createSymbolicLink(
                    atPath: run.url.appending(path: file).path, withDestinationPath: "elsewhere")
            } else {
                try Self.put("mine", run.url.appending(path: file))
            }
            let before = try run.contents(of: "metrics.jsonl")
            let outcome = try await Self.start(in: run.url, resume: "none")
            #expect(outcome.exitCode == 64, "\(outcome.errors)")
            let found =
                file == "relationship.svg"
                ? file + " (a link)"
                : file.hasPrefix("checkpoints") ? file : String(file.split(separator: "/")[0])
            #expect(
                outcome.errors.contains("run: holds what no run made: \(found); an output is "),
                "\(outcome.errors)")
            #expect(try run.contents(of: "metrics.jsonl") == before)
            #expect(try folder.names == ["run"])
            // `ballast doctor` says the same beforehand.
            let doctor = try await BallastProcess.run([
                "doctor", "--config", BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path,
                "--set", "output=\(run.url.path)",
            ])
            #expect(doctor.exitCode == 64)
            #expect((doctor.output + doctor.errors).contains("holds what no run made"))
        }

        /// What a run leaves that was killed at any time is a run's.
        @Test func whatAKilledRunLeavesIsNoObstacle() async throws {
            let folder = try ScratchFolder()
            let run = try await train(in: folder, as: "run", set: ["checkpoint.every-steps=3"])
            for file in [
                "model.safetensors.partial-17", "model.json.partial-17", "report.json.partial-17",
                ".ballast-write-check-17", ".nfs0001", "relationship.csv",
                "checkpoints/.staging-step-00000004-17/state.safetensors",
            ] {
                try Self.put("", run.url.appending(path: file))
            }
            try Self.put("process 17 on host elsewhere", run.url.appending(path: ".lock"))
            for resume in ["auto", "none"] {
                let outcome = try await Self.start(in: run.url, resume: resume)
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
            }
            #expect(try folder.names == ["run", "run.1"])
        }

        /// Writes a file, and makes the folders around it.
        private static func put(_ text: String, _ file: URL) throws {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }

        private static func start(in output: URL, resume: String) async throws -> BallastProcess.Outcome {
            try await BallastProcess.run([
                "train", "--config", BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path,
                "--set", "output=\(output.path)", "checkpoint.every-steps=3", "--resume", resume,
            ])
        }

        /// Steps too small to change a prediction: both epochs are as good, and the earlier one counts.
        @Test(arguments: [0, 2])
        func theModelIsThatOfTheBestEpoch(ranks: Int) async throws {
            let folder = try ScratchFolder()
            let data = BallastProcess.golden.appending(path: "trajectory-data.safetensors").path
            let settings = [
                "data.validation=\(data)", "data.test=\(data)", "optimizer.learning-rate=1e-6",
                "network.batch-norm=frozen", "training.steps-per-epoch=2",
            ]
            let short = try await train(in: folder, as: "short", ranks: ranks, set: settings)
            let long = try await train(
                in: folder, as: "long", ranks: ranks, set: settings + ["training.epochs=2"])
            let last = try await train(
                in: folder, as: "last", ranks: ranks,
                set: settings + ["training.epochs=2", "data.validation=none"])
            let accuracies = try long.evaluations("accuracy", of: "validation")
            try #require(accuracies.count == 2 && accuracies[0] == accuracies[1])
            #expect(try long.bestStep == 2)
            #expect(try long.modelBytes == short.modelBytes)
            #expect(try long.modelBytes != last.modelBytes)
            #expect(
                try long.evaluations("loss", of: "test") == short.evaluations("loss", of: "test"))
        }
    }
}
