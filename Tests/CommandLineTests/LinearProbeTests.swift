import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

extension CheckingRanksTests {
    /// The linear probe as a method and as the start of a head, and what picks and describes the model.
    @Suite(.serialized) struct LinearProbeTests {
        private static let data = BallastProcess.golden.appending(path: "trajectory-data.safetensors").path
        /// A probe of the reference's pictures. No step could be taken with these sections.
        private static let probe = [
            "initial-state=null", "method.name=linear-probe", "training.global-batch=1",
            "optimizer.learning-rate=1e6", "data.test=\(data)",
        ]

        @Test(arguments: ["none", data])
        func theProbeIsARunAndTheSameOnAnyRanks(validation: String) async throws {
            let folder = try ScratchFolder()
            let set = Self.probe + ["data.validation=\(validation)"]
            let alone = try await ManyRanksTests.train(in: folder, as: "run-0", set: set)
            #expect(
                try alone.names == [
                    "config.yaml", "data-index.json", RunFolder.eventFile, "metrics.jsonl", "model.json",
                    "model.safetensors", "report.html", "report.json",
                ])
            let splits = validation == "none" ? ["test"] : ["validation", "test"]
            let events = try alone.events.filter { $0.name != "notice" }
            #expect(events.map { $0.values["split"] as? String } == splits + [nil])
            #expect(try alone.events("finished").count == 1 && alone.bestStep == 0)
            let source = try SafetensorsFile(
                contentsOf: BallastProcess.golden.appending(path: "source.safetensors").path)
            for name in ["conv1.weight", "bn1.running_mean"] {
                #expect(try alone.model.tensor(name).elements == source.tensor(name).elements)
            }
            for ranks in [2, 3] {
                let run = try await ManyRanksTests.train(
                    in: folder, as: "run-\(ranks)", ranks: ranks, set: set)
                for name in ["fc.weight", "fc.bias"] {
                    #expect(
                        mismatch(
                            try run.model.tensor(name), try alone.model.tensor(name), absolute: 1e-5,
                            relative: 1e-5)
                            == nil)
                }
                #expect(
                    try run.evaluations("accuracy", of: "test") == alone.evaluations("accuracy", of: "test"))
            }
            // The model is an ordinary classifier.
            let evaluated = try await BallastProcess.run(
                [
                    "evaluate", "--model", alone.url.path, "--data", Self.data, "--json", "--report",
                    "\(folder.path)/page.html",
                ], ranks: 2)
            try #require(evaluated.exitCode == 0, "\(evaluated.errors)")
            let report = try MetricsEvent(Data(evaluated.output.utf8))
            let accuracy = try report.number("accuracy")
            #expect(try [accuracy] == alone.evaluations("accuracy", of: "test"))
            let page = try folder.text(of: "page.html")
            #expect(page.contains("Accuracy, evaluation split</dt><dd>\(percent(accuracy))"))
            #expect(page.contains("<code>linear-probe</code>") && page.contains("data:image/jpeg;base64,"))
            #expect(!page.contains("metrics.jsonl") && !page.contains("evaluation: it has no validation"))
        }

        /// As a page has it.
        private func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

        @Test func aProbeThatIsStartedAgainMovesTheFirstAside() async throws {
            let folder = try ScratchFolder()
            let first = try await ManyRanksTests.train(in: folder, as: "run", set: Self.probe)
            let model = try first.modelBytes
            let second = try await ManyRanksTests.train(in: folder, as: "run", ranks: 2, set: Self.probe)
            #expect(try folder.names == ["run", "run.1"])
            #expect(try second.events("finished").count == 1)
            #expect(try RunFolder(url: folder.url.appending(path: "run.1")).modelBytes == model)
        }

        @Test func whatTakesStepsSaysThatAProbeTakesNone() async throws {
            let folder = try ScratchFolder()
            let file = BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path
            let set = ["--set", "output=\(folder.path)/run"] + Self.probe
            let doctor = try await BallastProcess.run(["doctor", "--config", file] + set, ranks: 2)
            #expect(doctor.exitCode == 0, "\(doctor.errors)")
            #expect(doctor.errors.contains("method linear-probe takes no steps: none are measured"))
            let relate = try await BallastProcess.run(
                ["relate", "--config", file, "--output", "\(folder.path)/r.safetensors"] + set)
            #expect(relate.exitCode == 64)
            #expect(relate.errors.contains("method.name is linear-probe: only co-tuning has a relationship"))
            let benchmark = try await BallastProcess.run(
                ["benchmark", "--network", "resnet18", "--method", "linear-probe", "--image-size", "32"])
            #expect(benchmark.exitCode == 64)
            #expect(benchmark.errors.contains("method linear-probe takes no steps"))
            let random = try await BallastProcess.run(
                ["train", "--config", file] + set + ["network.weights=null"])
            #expect(random.exitCode == 64)
            #expect(
                random.errors.contains(
                    "has no weights, but method 'linear-probe' classifies by pretrained features"))
        }

        // MARK: A head to begin with

        /// Steps too small to move anything: the model of the run is the probe, at any number of ranks.
        @Test(arguments: [0, 3], ["fine-tune", "bi-tuning"])
        func aHeadStartsFromTheProbe(ranks: Int, method: String) async throws {
            let folder = try ScratchFolder()
            let probe = try await ManyRanksTests.train(in: folder, as: "probe", set: Self.probe)
            let run = try await ManyRanksTests.train(
                "trajectory-\(method)", in: folder, as: "run", ranks: ranks,
                set: [
                    "initial-state=null", "network.head-initialization=linear-probe",
                    "network.batch-norm=frozen", "optimizer.learning-rate=1e-12", "optimizer.weight-decay=0",
                    "training.steps-per-epoch=1",
                ])
            for name in ["fc.weight", "fc.bias"] {
                #expect(
                    mismatch(
                        try run.model.tensor(name), try probe.model.tensor(name), absolute: 1e-5,
                        relative: 1e-5)
                        == nil)
            }
        }

        @Test func aRunThatGoesOnKeepsItsHead() async throws {
            let folder = try ScratchFolder()
            let set = [
                "--set", "initial-state=null", "network.head-initialization=linear-probe",
                "training.steps-per-epoch=2", "training.shuffle=true", "checkpoint.every-steps=2",
                "output=\(folder.path)/run",
            ]
            let file = BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path
            let first = try await BallastProcess.run(["train", "--config", file] + set, ranks: 2)
            try #require(first.exitCode == 0, "\(first.errors)")
            #expect(first.errors.contains("linear probe: C "))
            // 48 pictures of 5 classes.
            #expect(first.errors.contains("with fewer than 20 a class, batch statistics"))
            let second = try await BallastProcess.run(
                ["train", "--config", file] + set + ["training.epochs=2"], ranks: 2)
            try #require(second.exitCode == 0, "\(second.errors)")
            #expect(second.errors.contains("goes on after step 2"))
            #expect(!second.errors.contains("linear probe: C "))
            let whole = try await ManyRanksTests.train(
                in: folder, as: "whole", ranks: 2, set: Array(set[1..<5]) + ["training.epochs=2"])
            let run = RunFolder(url: folder.url.appending(path: "run"))
            #expect(try run.modelBytes == whole.modelBytes)
        }

        @Test func aHeadStartsFromOneThingOnly() async throws {
            let folder = try ScratchFolder()
            let outcome = try await BallastProcess.run([
                "train", "--config", BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path,
                "--set", "network.head-initialization=linear-probe", "output=\(folder.path)/run",
            ])
            #expect(outcome.exitCode == 64)
            #expect(
                outcome.errors.contains("and network.head-initialization is linear-probe: the head can start")
            )
        }

        // MARK: Which model, and what is known of it

        @Test(arguments: ["accuracy", "mean-class-accuracy", "loss"])
        func theMeasurePicksTheModel(measure: String) async throws {
            let folder = try ScratchFolder()
            let set = [
                "data.validation=\(Self.data)", "training.steps-per-epoch=2", "training.epochs=4",
                "training.best-by=\(measure)", "optimizer.learning-rate=0.05", "checkpoint.every-steps=4",
            ]
            let run = try await ManyRanksTests.train(in: folder, as: "run", ranks: 2, set: set)
            let values = try run.evaluations(measure, of: "validation").map { measure == "loss" ? -$0 : $0 }
            let best = try #require(values.indices.max { (values[$0], -$0) < (values[$1], -$1) })
            #expect(try run.bestStep == Double(2 * (best + 1)))
            let finished = try #require(run.events("finished").last)
            #expect(finished.values["best-by"] as? String == measure)
            #expect(try abs(finished.number("best-value")) == abs(values[best]))
            let record = try #require(
                JSONSerialization.jsonObject(with: run.contents(of: "model.json")) as? [String: Any])
            #expect(record["step"] as? Int == 2 * (best + 1) && record["best-by"] as? String == measure)
            #expect(
                try record["model-sha256"] as? String
                    == FileDigest(ofFile: run.url.appending(path: "model.safetensors").path).description)
            // Another measure would compare what it never saw.
            let other = try await BallastProcess.run(
                [
                    "train", "--config",
                    BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path, "--set",
                    "output=\(run.url.path)",
                ] + set + ["training.best-by=\(measure == "loss" ? "accuracy" : "loss")"])
            #expect(other.exitCode == 65)
            #expect(other.errors.contains("training.best-by was \(measure), is "), "\(other.errors)")
        }

        @Test func predictionsGoToStandardOutputOrAFile() async throws {
            let folder = try ScratchFolder()
            let run = try await ManyRanksTests.train(in: folder, as: "run", set: Self.probe)
            let arguments = ["predict", "--model", run.url.path, "--data", Self.data]
            let printed = try await BallastProcess.run(arguments)
            try #require(printed.exitCode == 0, "\(printed.errors)")
            let lines = printed.output.split(separator: "\n")
            #expect(lines.count == 49 && lines[0].hasPrefix("path,class,probability-0,"))
            let written = try await BallastProcess.run(
                arguments + ["-o", "\(folder.path)/table.csv"], ranks: 3)
            try #require(written.exitCode == 0, "\(written.errors)")
            #expect(written.output == "")
            let classes = { (text: String) in
                text.split(separator: "\n").map { $0.split(separator: ",").prefix(2) }
            }
            #expect(try classes(folder.text(of: "table.csv")) == classes(printed.output))
            let missing = try await BallastProcess.run(
                ["predict", "--model", run.url.path, "--data", "\(folder.path)/nothing.safetensors"], ranks: 2
            )
            #expect(missing.exitCode == 74)
            #expect(missing.errors.contains("nothing.safetensors"))
        }
    }
}
