import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

extension ManyRanksTests {
    /// The files that methods leave in a run's folder, and what becomes of them.
    @Suite(.serialized) struct MethodFilesTests {
        private static let configuration = BallastProcess.golden.appending(path: "trajectory-co-tuning.yaml")
            .path

        @Test func aRunOfCoTuningLeavesItsRelationshipAsFileTableAndPicture() async throws {
            let folder = try ScratchFolder()
            let run = try await train("trajectory-co-tuning", in: folder, as: "run", ranks: 2)
            #expect(
                try run.names == [
                    "config.yaml", "data-index.json", RunFolder.eventFile, "metrics.jsonl", "model.json",
                    "model.safetensors", "relationship.csv", "relationship.safetensors", "relationship.svg",
                    "report.html", "report.json",
                ])
            let golden = try SafetensorsFile(
                contentsOf: BallastProcess.golden.appending(path: "trajectory-co-tuning.safetensors").path)
            let learned = try SafetensorsFile(
                contentsOf: run.url.appending(path: "relationship.safetensors").path)
            #expect(
                isClose(
                    try learned.tensor("relationship").elements.map(Double.init),
                    try golden.tensor("output.relationship").elements.map(Double.init), relative: 1e-5,
                    absolute: 1e-7))
        }

        @Test(arguments: ["direct", "reverse"])
        func relateGivesTheSameAtEveryNumberOfRanks(relationship: String) async throws {
            let folder = try ScratchFolder()
            var learned: [[Double]] = []
            for ranks in [0, 3] {
                let file = folder.url.appending(path: "relationship-\(ranks).safetensors").path
                let outcome = try await BallastProcess.run(
                    [
                        "relate", "--config", Self.configuration, "--output", file, "--set",
                        "method.relationship=\(relationship)", "data.validation=trajectory-data.safetensors",
                    ], ranks: ranks)
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
                // A line for each of the five classes, and one that says what was written.
                let lines = outcome.output.split(separator: "\n")
                #expect(lines.count == 6)
                #expect(lines[0].hasPrefix("class 0 looks like source class "))
                learned.append(
                    try SafetensorsFile(contentsOf: file).tensor("relationship").elements.map(Double.init))
            }
            // The regressions, weakly regularized, amplify the rounding of the logits, which depends on the
            // processor and on how many images a rank looks at together.
            let absolute = relationship == "reverse" ? 1e-5 : 1e-7
            #expect(isClose(learned[1], learned[0], relative: 1e-5, absolute: absolute))
        }

        /// What `relate` wrote takes the place of learning; for other samples it is refused.
        @Test func aRelationshipIsUsedForTheSameSamplesOnly() async throws {
            let folder = try ScratchFolder()
            let file = folder.url.appending(path: "relationship.safetensors").path
            let validation = "data.validation=trajectory-data.safetensors"
            let related = try await BallastProcess.run([
                "relate", "--config", Self.configuration, "--output", file, "--set",
                "method.relationship=reverse", validation,
            ])
            try #require(related.exitCode == 0, "\(related.errors)")
            let learned = try await train(
                "trajectory-co-tuning", in: folder, as: "learned",
                set: ["method.relationship=reverse", validation])
            let used = try await train(
                "trajectory-co-tuning", in: folder, as: "used",
                set: ["method.relationship-file=\(file)", validation])
            #expect(try used.steps("loss") == learned.steps("loss"))
            let direct = try await train(
                "trajectory-co-tuning", in: folder, as: "direct", set: [validation])
            #expect(try used.steps("loss") != direct.steps("loss"))
            // The doctor looks at a part of the samples, of which the file is none.
            let configuration = [
                "--config", Self.configuration, "--set", "method.relationship-file=\(file)", validation,
                "output=\(folder.url.appending(path: "other").path)",
            ]
            let doctor = try await BallastProcess.run(["doctor"] + configuration)
            #expect(doctor.exitCode == 0, "\(doctor.errors)")
            let refused = try await BallastProcess.run(
                ["train"] + configuration + ["data.classes=[0, 1, 2]", "initial-state=null"])
            #expect(refused.exitCode == 65)
            #expect(refused.errors.contains("\(file): "), "\(refused.errors)")
        }

        /// Links lead to where the files lie, and the table is read from a pipe; none of them becomes a regular file.
        @Test func relateWritesThroughLinksAndPipes() async throws {
            let folder = try ScratchFolder()
            let script = """
                mkdir real; echo old > real/picture; mkfifo r.csv
                ln -s real/relationship r.safetensors; ln -s real/picture r.svg
                timeout --signal KILL 30 cat r.csv > table &
                "$0" relate --config "$1" --output r.safetensors; code=$?
                wait; exit $code
                """
            let outcome = try await BallastProcess.run(
                command: ["bash", "-c", script, BallastProcess.binary.path, Self.configuration],
                in: folder.url, environment: ["OMP_NUM_THREADS": "1"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(try folder.names == ["r.csv", "r.safetensors", "r.svg", "real", "table"])
            #expect(try folder.text(of: "table").hasPrefix("class,0,1"))
            #expect(try folder.text(of: "real/picture").contains("<svg"))
            let file = folder.url.appending(path: "real/relationship").path
            #expect(try SafetensorsFile(contentsOf: file).names == ["relationship"])
            for name in ["r.safetensors", "r.svg"] {
                let path = folder.url.appending(path: name).path
                #expect(throws: Never.self) {
                    try FileManager.default.destinationOfSymbolicLink(atPath: path)
                }
            }
        }

        /// A list of predictions goes through a link, to standard output before the summary, and into a pipe.
        @Test func predictionsGoThroughLinksAndPipes() async throws {
            let folder = try ScratchFolder()
            let run = try await train(in: folder, as: "run")
            let script = """
                evaluate() { "$0" evaluate --model run --data "$1" --predictions "$2"; }
                mkdir real; echo old > real/list; ln -s real/list list; ln -s real/new new; mkfifo pipe
                evaluate "$1" plain && evaluate "$1" list && evaluate "$1" new || exit 1
                ln -s /proc/self/fd/1 stdout; evaluate "$1" stdout > printed || exit 2
                timeout --signal KILL 30 cat pipe > piped & evaluate "$1" pipe || exit 3
                wait; [ -p pipe ] || exit 4
                """
            let data = BallastProcess.golden.appending(path: "trajectory-data.safetensors").path
            let outcome = try await BallastProcess.run(
                command: ["bash", "-c", script, BallastProcess.binary.path, data],
                in: folder.url, environment: ["OMP_NUM_THREADS": "1"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let list = try folder.text(of: "plain")
            #expect(list.hasPrefix("sample,label,prediction,probability-0"))
            for name in ["list", "new", "real/list", "real/new", "piped"] {
                #expect(try folder.text(of: name) == list, "\(name)")
            }
            #expect(try folder.text(of: "printed").hasPrefix(list + "accuracy "))
            for name in ["list", "new"] {
                let path = folder.url.appending(path: name).path
                #expect(
                    try FileManager.default.destinationOfSymbolicLink(atPath: path).hasPrefix("real/"))
            }
            #expect(
                try run.names == [
                    "config.yaml", "data-index.json", RunFolder.eventFile, "metrics.jsonl", "model.json",
                    "model.safetensors", "report.html", "report.json",
                ])
        }

        /// Scores to first order are the same at every number of ranks, are never taken for exact ones, and are there
        /// when the run goes on.
        @Test func attentionToFirstOrderHasItsOwnKey() async throws {
            let folder = try ScratchFolder()
            let configuration = BallastProcess.golden.appending(
                path: "trajectory-delta-attention-feature-map.yaml"
            ).path
            func train(
                _ name: String, ranks: Int, _ scores: String, file: String = "null", resume: String = "auto"
            ) async throws -> BallastProcess.Outcome {
                try await BallastProcess.run(
                    [
                        "train", "--config", configuration, "--resume", resume, "--set",
                        "output=\(folder.url.appending(path: name).path)", "method.attention-file=\(file)",
                        "method.attention-scores=\(scores)", "checkpoint.every-steps=3",
                    ], ranks: ranks)
            }
            var attention: [SafetensorsFile] = []
            for ranks in [0, 3] {
                let outcome = try await train("run-\(ranks)", ranks: ranks, "first-order")
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
                #expect(
                    outcome.errors.contains(
                        "attention: first-order scores of 120 filters of 4 feature maps over 2 batches of 32\n"
                    ),
                    "\(outcome.errors)")
                #expect(outcome.errors.contains("attention: scores took "))
                attention.append(
                    try SafetensorsFile(
                        contentsOf: folder.url.appending(path: "run-\(ranks)/attention.safetensors").path))
            }
            #expect(attention[0].metadata["scores"] == "first-order")
            for name in attention[0].names {
                #expect(
                    isClose(
                        try attention[1].tensor(name).elements.map(Double.init),
                        try attention[0].tensor(name).elements.map(Double.init), relative: 1e-3), "\(name)")
            }
            let file = attention[0].path
            let again = try await train("run-3", ranks: 3, "first-order")
            #expect(again.exitCode == 0, "\(again.errors)")
            #expect(again.errors.contains("goes on after step 6") && !again.errors.contains("attention: "))
            // Begun anew, the run takes what the one before it computed.
            let anew = try await train("run-0", ranks: 0, "first-order", resume: "none")
            #expect(anew.exitCode == 0, "\(anew.errors)")
            #expect(
                anew.errors.contains("run-0.1\n") && !anew.errors.contains("attention: "), "\(anew.errors)")
            let used = try await train("used", ranks: 0, "first-order", file: file)
            #expect(used.exitCode == 0, "\(used.errors)")
            let refused = try await train("exact", ranks: 0, "exact", file: file)
            #expect(refused.exitCode == 65)
            #expect(
                refused.errors.contains("was computed from other scores (first-order instead of exact)"),
                "\(refused.errors)")
        }

        @Test func relateNeedsCoTuning() async throws {
            let folder = try ScratchFolder()
            let outcome = try await BallastProcess.run([
                "relate", "--config", BallastProcess.golden.appending(path: "trajectory-bss.yaml").path,
                "--output", folder.url.appending(path: "relationship.safetensors").path,
            ])
            #expect(outcome.exitCode == 64)
            #expect(outcome.errors.contains("method.name is bss: only co-tuning has a relationship"))
        }

        /// Computed attention is saved with its key: the same run uses it again, one with other samples does not.
        @Test func attentionIsUsedAgainForTheSameSamplesOnly() async throws {
            let folder = try ScratchFolder()
            let computed = try await train(
                "trajectory-delta-attention-feature-map", in: folder, as: "computed", ranks: 2,
                set: ["method.attention-file=null"])
            let file = computed.url.appending(path: "attention.safetensors").path
            let again = try await train(
                "trajectory-delta-attention-feature-map", in: folder, as: "again", ranks: 2,
                set: ["method.attention-file=\(file)"])
            #expect(try again.steps("loss") == computed.steps("loss"))
            let attention = try SafetensorsFile(contentsOf: file)
            #expect(
                attention.names == ["layer1.1.conv2", "layer2.1.conv2", "layer3.1.conv2", "layer4.1.conv2"])
            for name in attention.names {
                #expect(abs(try attention.tensor(name).elements.reduce(0, +) - 1) < 1e-5)
            }
            let outcome = try await BallastProcess.run([
                "train", "--config",
                BallastProcess.golden.appending(path: "trajectory-delta-attention-feature-map.yaml").path,
                "--set",
                "output=\(folder.url.appending(path: "other").path)", "method.attention-file=\(file)",
                "data.classes=[0, 1, 2]", "initial-state=null",
            ])
            #expect(outcome.exitCode == 65)
            #expect(outcome.errors.contains("attention.safetensors: was computed from other samples"))
        }
    }
}
