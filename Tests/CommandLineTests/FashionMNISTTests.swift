import Foundation
import TestSupport
import Testing

extension ManyRanksTests {
    /// A run on real images as a user would start it, and what `ballast evaluate` says of its model.
    @Suite(.serialized) struct FashionMNISTTests {
        static let folder = "/usr/share/datasets/fashion-mnist"

        /// A network from random weights amplifies rounding: at ten times this rate, changing the rate by 1e-8
        /// moves the loss of the tenth step by 1e-4. At this one, ranks agree to 1e-5.
        static let configuration = """
            method: {name: fine-tune}
            network: {name: resnet18, base-width: 8, stem: small}
            data:
              train: \(folder)/train-images-idx3-ubyte.gz
              test: \(folder)/t10k-images-idx3-ubyte.gz
              classes: [0, 2, 4, 6]
              samples-per-class: 20
              train-transform: pad-crop
              horizontal-flip: true
            optimizer: {learning-rate: 0.001}
            training: {epochs: 2, steps-per-epoch: 5, global-batch: 16}
            output: run

            """

        @Test func trainingAndEvaluationDoNotDependOnTheNumberOfRanks() async throws {
            let folder = try ScratchFolder(configuration: Self.configuration)
            var runs: [RunFolder] = []
            for ranks in 1...3 {
                let outcome = try await BallastProcess.run(
                    ["train", "--config", "run.yaml", "--set", "output=run-\(ranks)"], ranks: ranks,
                    in: folder.url)
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
                let run = RunFolder(url: folder.url.appending(path: "run-\(ranks)"))
                #expect(outcome.output.contains("model: \(run.url.path)/model.safetensors\n"))
                runs.append(run)
            }
            for run in runs {
                let losses = try run.steps("loss")
                #expect(losses.count == 10)
                #expect(try isClose(losses, runs[0].steps("loss"), relative: 1e-4), "\(losses)")
                try expectEvaluations(run)
            }
            try await expectEvaluateAgrees(runs[1])
        }

        /// 72 samples train, 8 validate after each epoch, and all 4000 of the four classes test once.
        private func expectEvaluations(_ run: RunFolder) throws {
            #expect(try run.evaluations("count", of: "validation") == [8, 8])
            #expect(try run.evaluations("step", of: "validation") == [5, 10])
            #expect(try run.evaluations("count", of: "test") == [4000])
            let accuracies = try run.evaluations("accuracy", of: "validation")
            let best = try run.bestStep
            #expect(best == (accuracies[1] > accuracies[0] ? 10 : 5))
            // A batch normalization counts the steps it has seen: those of the best epoch.
            #expect(try run.model.integers("bn1.num_batches_tracked") == [Int(best)])
        }

        /// `evaluate` on the test split finds what the run found, whatever the number of ranks.
        private func expectEvaluateAgrees(_ run: RunFolder) async throws {
            var files: [Data] = []
            for ranks in [1, 3] {
                let list = "predictions-\(ranks).csv"
                let outcome = try await BallastProcess.run(
                    [
                        "evaluate", "--model", ".", "--data", "\(Self.folder)/t10k-images-idx3-ubyte.gz",
                        "--json", "--predictions", list,
                    ], ranks: ranks, in: run.url)
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
                let report = try MetricsEvent(Data(outcome.output.utf8))
                #expect(
                    report.keys == ["accuracy", "count", "data", "loss", "mean-class-accuracy", "model"])
                for key in ["accuracy", "count", "mean-class-accuracy"] {
                    #expect(try [report.number(key)] == run.evaluations(key, of: "test"), "\(key)")
                }
                // Sums over other numbers of ranks round differently.
                #expect(
                    try isClose(
                        [report.number("loss")], run.evaluations("loss", of: "test"), relative: 1e-9))
                files.append(try run.contents(of: list))
                try expectPredictions(files[0], accuracy: report.number("accuracy"))
            }
            // Compared here: from two files that differ, the macro would work out a minimal difference for minutes.
            let isSame = files[0] == files[1]
            #expect(isSame)
        }

        private func expectPredictions(_ file: Data, accuracy: Double) throws {
            let lines = String(decoding: file, as: UTF8.self).split(separator: "\n")
            #expect(
                lines[0] == "sample,label,prediction,probability-0,probability-1,probability-2,probability-3")
            #expect(lines.count == 4001)
            var correct = 0
            var previous = -1
            for line in lines.dropFirst() {
                let fields = line.split(separator: ",")
                try #require(fields.count == 7)
                let (sample, label, prediction) = (Int(fields[0]), Int(fields[1]), Int(fields[2]))
                try #require(sample ?? -1 > previous && 0..<4 ~= label ?? -1)
                previous = sample ?? -1
                let probabilities = fields[3...].compactMap { Double($0) }
                try #require(abs(probabilities.reduce(0, +) - 1) < 1e-5)
                try #require(probabilities.firstIndex(of: probabilities.max() ?? 0) == prediction)
                correct += label == prediction ? 1 : 0
            }
            #expect(Double(correct) / 4000 == accuracy)
        }
    }
}
