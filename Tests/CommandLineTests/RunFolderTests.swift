import Foundation
import Testing

extension ManyRanksTests {
    /// What stands in the folder of a run.
    @Suite(.serialized) struct RunFolderTests {
        @Test(arguments: [0, 2])
        func theConfigurationIsCompleteAndReadsAgain(ranks: Int) async throws {
            let folder = try TemporaryFolder()
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
            let folder = try TemporaryFolder()
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
            let finished = ["accuracy", "best-step", "event", "seconds"]
            let events = try run.events
            #expect(
                events.map(\.keys) == [
                    step, step, evaluation, step, step, evaluation, evaluation, finished,
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
            let folder = try TemporaryFolder()
            let run = try await train(in: folder, as: "run")
            #expect(try run.names == ["config.yaml", "metrics.jsonl", "model.safetensors"])
            let model = try run.model
            #expect(model.metadata["format"] == "pt")
            // 60 parameters of a ResNet-18, three tensors for each of its 20 batch normalizations, and the head.
            #expect(model.names.count == 122)
            #expect(model.shape(of: "fc.weight") == [5, 64])
            #expect(try model.integers("layer4.1.bn2.num_batches_tracked") == [6])
        }

        @Test(arguments: [0, 2])
        func aRunThatIsThereIsMovedAside(ranks: Int) async throws {
            let folder = try TemporaryFolder()
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
            #expect(try aside.names == ["config.yaml", "metrics.jsonl", "model.safetensors"])
        }

        /// Whoever prepares `.lock` as another name of a file must not get that file emptied.
        @Test(arguments: ["ln -s", "ln"])
        func aLockThatIsALinkIsRefused(link: String) async throws {
            let folder = try TemporaryFolder()
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

        /// Steps too small to change a prediction: both epochs are as good, and the earlier one counts.
        @Test(arguments: [0, 2])
        func theModelIsThatOfTheBestEpoch(ranks: Int) async throws {
            let folder = try TemporaryFolder()
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
