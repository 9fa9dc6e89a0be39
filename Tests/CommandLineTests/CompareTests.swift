import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

extension FailingRanksTests {
    /// `ballast compare` on few small pictures: two seeds, or three, and six steps.
    @Suite(.serialized) struct CompareTests {
        /// A folder with pictures of three classes, those of a class alike but for noise, and a configuration.
        private static func folder() throws -> ScratchFolder {
            let source = BallastProcess.golden.appending(path: "source.safetensors").path
            let folder = try ScratchFolder(
                configuration: """
                    method: {name: fine-tune}
                    network: {name: resnet18, base-width: 8, weights: \(source)}
                    data: {train: train.safetensors, test: test.safetensors, train-transform: none}
                    training: {epochs: 2, steps-per-epoch: 3, global-batch: 6, seed: 0}
                    checkpoint: {every-steps: 2}

                    """)
            for (name, count, seed) in [("train", 30, UInt64(1)), ("test", 24, 2)] {
                let noise = randomTensor([count, 3, 32, 32], seed: seed).elements
                let pictures = noise.enumerated().map { place, value in
                    let (picture, pixel) = (place / 3072, place % 3072)
                    return value + (pixel / 1024 == picture % 3 ? 1 : 0)
                }
                var writer = SafetensorsWriter()
                writer.add("images", Tensor([count, 3, 32, 32], pictures))
                writer.add("labels", integers: (0..<count).map { Int64($0 % 3) }, shape: [count])
                try writer.write(to: "\(folder.path)/\(name).safetensors")
            }
            return folder
        }

        private static func compare(
            _ folder: ScratchFolder, _ name: String, _ further: [String] = [], ranks: Int = 2,
            faults: String = ""
        ) async throws -> BallastProcess.Outcome {
            try await BallastProcess.run(
                [
                    "compare", "--config", "\(folder.path)/run.yaml", "--methods", "bss", "--output",
                    "\(folder.path)/\(name)",
                ] + further, ranks: ranks, faults: faults)
        }

        /// The lines of the table without what depends on the clock and the memory.
        private static func table(_ folder: ScratchFolder, _ name: String) throws -> [[String]] {
            try folder.text(of: "\(name)/compare.csv").split(separator: "\n").map { line in
                let values = Self.values(of: line)
                return Array(values.dropLast(3)) + [values[values.count - 2]]
            }
        }

        /// The values of a line, those in quotes too; none holds a quote itself.
        private static func values(of line: Substring) -> [String] {
            var (values, isQuoted) = ([""], false)
            for character in line {
                switch character {
                case "\"": isQuoted.toggle()
                case "," where !isQuoted: values.append("")
                default: values[values.count - 1].append(character)
                }
            }
            return values
        }

        @Test func whatIsKilledGoesOnToTheSameTable() async throws {
            let folder = try Self.folder()
            defer { folder.remove() }
            let seeds = ["--seeds", "2"]
            let whole = try await Self.compare(folder, "whole", seeds)
            try #require(whole.exitCode == 0, "\(whole.errors)")
            #expect(
                whole.errors.contains("cost: about ")
                    && whole.errors.contains(" h for 6 runs: linear-probe 2 × "))
            #expect(whole.errors.contains("run 6 of 6: bss, seed 1\n"))
            let expected = try Self.table(folder, "whole")
            #expect(expected.map { $0[0] } == ["method", "linear-probe", "fine-tune", "bss"])
            #expect(
                expected.map { $0[14] } == [
                    "verdict", "few seeds", "the others are compared with it", "few seeds",
                ])
            #expect(whole.output == (try folder.text(of: "whole/compare.md")))
            #expect(whole.output.contains("too few for any verdict"))

            for fault in [
                "step=4,rank=0,point=forward,kind=sigkill", "step=6,rank=1,point=optimizer,kind=sigkill",
            ] {
                let killed = try await Self.compare(folder, "killed", seeds, faults: fault)
                #expect(killed.exitCode == 137)
                #expect(!folder.url.appending(path: "killed/compare.csv").isThere)
            }
            let other = try await Self.compare(folder, "killed", seeds, ranks: 1)
            #expect(other.exitCode == 64)
            #expect(other.errors.contains("was computed by 2 ranks, and these are 1"), "\(other.errors)")
            let resumed = try await Self.compare(folder, "killed", seeds)
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("goes on after step "), "\(resumed.errors)")
            #expect(resumed.errors.contains("run 1 of 5: fine-tune, seed 0\n"), "\(resumed.errors)")
            #expect(try Self.table(folder, "killed") == expected)
            // Checkpoints of runs that have ended go, their models stay.
            let run = folder.url.appending(path: "killed/runs/bss/seed-1")
            #expect(
                !run.appending(path: "checkpoints").isThere
                    && run.appending(path: "model.safetensors").isThere)

            try await Self.checkFinished(folder, "killed", seeds, expected)
        }

        /// A comparison that has ended: nothing is done again, and nothing else takes its results.
        private static func checkFinished(
            _ folder: ScratchFolder, _ name: String, _ seeds: [String], _ expected: [[String]]
        ) async throws {
            let again = try await compare(folder, name, seeds, ranks: 1)
            try #require(again.exitCode == 0, "\(again.errors)")
            #expect(
                !again.errors.contains("run 1 of ") && !again.errors.contains("cost: "), "\(again.errors)")
            #expect(try table(folder, name) == expected)
            let more = try await compare(folder, name, ["--seeds", "3"])
            #expect(more.exitCode == 64 && more.errors.contains("such as --plan 5,10"), "\(more.errors)")
            let other = try await compare(folder, name, seeds + ["--set", "optimizer.learning-rate=0.5"])
            #expect(other.exitCode == 64 && other.errors.contains("is learning-rate: 0.5"), "\(other.errors)")
            let result = "\(name)/results/bss.seed-0.json"
            let text = try folder.text(of: result)
            try folder.write(Array(text.replacing("\"ballast 0.", with: "\"ballast 7.").utf8), as: result)
            let damaged = try await compare(folder, name, seeds)
            #expect(damaged.exitCode == 65)
            #expect(damaged.errors.contains("is the result of something else: the program was ballast 7."))
        }

        /// Two groups of one rank do what one rank does, and a group that fails ends all.
        @Test func groupsComeToTheSameNumbers() async throws {
            let folder = try Self.folder()
            defer { folder.remove() }
            let alone = try await Self.compare(folder, "alone", ["--seeds", "2", "--quiet"], ranks: 1)
            try #require(alone.exitCode == 0, "\(alone.errors)")
            for words in ["cost: ", "run 1 of ", "images/s"] {
                #expect(!alone.errors.contains(words), "\(alone.errors)")
            }
            let grouped = try await Self.compare(folder, "grouped", ["--seeds", "2", "--groups", "2"])
            try #require(grouped.exitCode == 0, "\(grouped.errors)")
            #expect(grouped.errors.contains(" h for 6 runs, 2 at a time: "), "\(grouped.errors)")
            #expect(try Self.table(folder, "grouped") == Self.table(folder, "alone"))
            #expect(!folder.url.appending(path: "grouped/claims").isThere)
            let uneven = try await Self.compare(folder, "uneven", ["--groups", "2"], ranks: 3)
            #expect(
                uneven.exitCode == 64 && uneven.errors.contains("start a multiple of 2"), "\(uneven.errors)")
            let killed = try await Self.compare(
                folder, "killed", ["--seeds", "2", "--groups", "2"],
                faults: "step=4,rank=0,point=forward,kind=throw")
            #expect(killed.exitCode != 0)
            let resumed = try await Self.compare(folder, "killed", ["--seeds", "2", "--groups", "2"])
            try #require(resumed.exitCode == 0, "\(resumed.errors)")
            #expect(try Self.table(folder, "killed") == Self.table(folder, "alone"))
        }

        @Test func settingsAreChosenByValidationAndConfirmedWithOtherSeeds() async throws {
            let folder = try Self.folder()
            defer { folder.remove() }
            let outcome = try await Self.compare(
                folder, "grid",
                [
                    "--grid", "method.trade-off=0.001,1e9", "--selection-seeds", "1", "--seeds", "1",
                ], ranks: 1)
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            let lines = try folder.text(of: "grid/compare.csv").split(separator: "\n")
            #expect(lines.count == 5)
            #expect(lines[3].hasPrefix("bss,method.trade-off=0.001,confirmed,1,"), "\(lines)")
            #expect(
                lines[4].hasPrefix("bss,method.trade-off=1e9,\"not chosen, 1 of 1 diverged\",1,"), "\(lines)")
            #expect(outcome.errors.contains("diverged, and counts as it is: "))
            #expect(outcome.errors.contains("bss: chosen by validation: method.trade-off=0.001\n"))
            #expect(try folder.names.contains("grid"))
            let runs = folder.url.appending(path: "grid/runs/bss_method.trade-off=0.001")
            let names = try FileManager.default.contentsOfDirectory(atPath: runs.path).sorted()
            #expect(names == ["seed-0", "seed-1000000"])
        }

        /// With a budget a third of the settings goes on from each rung; what goes on ends with the same bits.
        @Test func settingsThatLoseAreStopped() async throws {
            let folder = try Self.folder()
            defer { folder.remove() }
            let common = [
                "--selection-seeds", "1", "--seeds", "1", "--set", "training.epochs=9",
                "training.steps-per-epoch=1",
                "checkpoint.every-steps=null",
            ]
            let grid = ["--grid", "method.trade-off=0,0.001,0.01,1e9", "optimizer.learning-rate=0.01,0.02"]
            let halved = try await Self.compare(
                folder, "halved", grid + ["--budget", "1"] + common, ranks: 1)
            try #require(halved.exitCode == 0, "\(halved.errors)")
            let table = try Self.table(folder, "halved")
            // Of eight settings three go on after an epoch, and one after three; of the two of fine-tune none stops.
            let bss = table.filter { $0[0] == "bss" }
            #expect(bss.filter { $0[14].contains("not compared: stopped at epoch 1") }.count == 5, "\(bss)")
            #expect(bss.filter { $0[14].contains("not compared: stopped at epoch 3") }.count == 2, "\(bss)")
            #expect(
                table.filter { $0[0] == "fine-tune" }.map { $0[2] }.sorted() == ["baseline", "not chosen"])
            let again = try await Self.compare(folder, "halved", grid + ["--budget", "1"] + common, ranks: 1)
            #expect(again.exitCode == 0 && !again.errors.contains("cost: "), "\(again.errors)")
            #expect(try Self.table(folder, "halved") == table)

            let rates = ["--grid", "optimizer.learning-rate=0.01,0.02"]
            let whole = try await Self.compare(folder, "whole", rates + common, ranks: 1)
            try #require(whole.exitCode == 0, "\(whole.errors)")
            let model = "runs/fine-tune_optimizer.learning-rate=0.02/seed-1000000/model.safetensors"
            #expect(
                try contents("\(folder.path)/halved/\(model)") == contents("\(folder.path)/whole/\(model)"))
            let little = try await Self.compare(
                folder, "little", grid + ["--budget", "1e-9"] + common, ranks: 1)
            #expect(little.exitCode == 64 && little.errors.contains("give more hours"), "\(little.errors)")
        }

        @Test func whatIsNoComparisonIsRefused() async throws {
            let folder = try Self.folder()
            defer { folder.remove() }
            let same = try await Self.compare(folder, "same", ["--set", "data.test=train.safetensors"])
            #expect(same.exitCode == 65)
            #expect(
                same.errors.contains("of its 30 pictures are also in the training split"), "\(same.errors)")
            let wrong = try await Self.compare(folder, "wrong", ["--seeds", "0"], ranks: 0)
            #expect(wrong.exitCode == 64 && wrong.errors.contains("--seeds is 0; expected 1 to 1000"))
            let large = try await Self.compare(folder, "large", ["--set", "training.global-batch=1"])
            #expect(large.exitCode == 64)
            #expect(large.errors.contains("fine-tune: training: 2 ranks are more than"), "\(large.errors)")
        }

        @Test func aSignalEndsItWithSeventyFive() async throws {
            let folder = try Self.folder()
            defer { folder.remove() }
            let run = folder.url.appending(path: "stopped/runs/fine-tune/seed-0")
            let stopped = try await BallastProcess.run(
                [
                    "compare", "--config", "\(folder.path)/run.yaml", "--methods", "bss", "--output",
                    "\(folder.path)/stopped", "--set", "training.steps-per-epoch=200000",
                ], ranks: 2, whenRunning: run
            ) { "kill -USR1 \($0)" }
            #expect(stopped.exitCode == 75, "\(stopped.errors)")
            #expect(stopped.errors.contains("which is saved; run again to continue"))
            #expect(!folder.url.appending(path: "stopped/results/fine-tune.seed-0.json").isThere)
        }
    }
}
