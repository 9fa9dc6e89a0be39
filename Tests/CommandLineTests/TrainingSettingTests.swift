import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

extension ManyRanksTests {
    /// Settings whose effect on a run is known without a reference run.
    @Suite(.serialized) struct TrainingSettingTests {
        @Test(arguments: [0, 2])
        func accumulatedMicroBatchesAreTheWholeBatch(ranks: Int) async throws {
            let folder = try ScratchFolder()
            let frozen = "network.batch-norm=frozen"
            let whole = try await train(in: folder, as: "whole", ranks: ranks, set: [frozen])
            for microBatches in [2, 4] {
                let run = try await train(
                    in: folder, as: "micro-batches-\(microBatches)", ranks: ranks,
                    set: [frozen, "training.accumulation=\(microBatches)"])
                let losses = try run.steps("loss")
                #expect(try isClose(losses, whole.steps("loss"), relative: 1e-5), "\(losses)")
            }
        }

        @Test(arguments: ["synchronized", "frozen"])
        func microBatchesThatAreNotTheWholeBatchAreSaid(normalization: String) async throws {
            let folder = try ScratchFolder()
            let outcome = try await BallastProcess.run([
                "train", "--config", BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path,
                "--set",
                "training.accumulation=2", "--set", "training.steps-per-epoch=1", "--set",
                "network.batch-norm=\(normalization)", "--set", "output=\(folder.url.path)/run",
            ])
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            let notice = "training.accumulation 2: batch normalization sees 4 samples at a time, not 8"
            #expect(outcome.errors.contains(notice) == (normalization == "synchronized"), "\(outcome.errors)")
        }

        /// Two ranks that normalize for themselves see what one rank sees in two micro-batches.
        @Test func localStatisticsAreThoseOfARanksOwnSamples() async throws {
            let folder = try ScratchFolder()
            let local = "network.batch-norm=local"
            let synchronized = try await train(in: folder, as: "synchronized", ranks: 2)
            let own = try await train(in: folder, as: "local", ranks: 2, set: [local])
            let microBatches = try await train(
                in: folder, as: "micro-batches", set: [local, "training.accumulation=2"])
            #expect(try !isClose(own.steps("loss"), synchronized.steps("loss"), relative: 1e-3))
            #expect(try isClose(own.steps("loss"), microBatches.steps("loss"), relative: 1e-4))
            // The file holds one set of running statistics: the mean of the ranks'.
            #expect(try own.model.tensor("bn1.running_mean").elements.allSatisfy(\.isFinite))
        }

        /// A step of plain descent at rate 1 is the gradient itself, here cut to length 1/100.
        @Test(arguments: [0, 2])
        func clippingLimitsTheNormOfTheWholeGradient(ranks: Int) async throws {
            let folder = try ScratchFolder()
            let plain = [
                "training.steps-per-epoch=1",
                "optimizer={learning-rate: 1, backbone-factor: 1, momentum: 0, nesterov: false, weight-decay: 0}",
            ]
            let clipped = try await train(
                in: folder, as: "clipped", ranks: ranks, set: plain + ["training.clip-gradient-norm=0.01"])
            #expect(try abs(distanceFromStart(clipped.model) - 0.01) < 1e-4)
            // A limit that no gradient reaches changes nothing.
            let free = try await train(in: folder, as: "free", ranks: ranks, set: plain)
            let wide = try await train(
                in: folder, as: "wide", ranks: ranks, set: plain + ["training.clip-gradient-norm=1e9"])
            #expect(try distanceFromStart(free.model) > 0.1)
            #expect(try free.modelBytes == wide.modelBytes)
        }

        /// Schedules by their formulas: the factor of the learning rate at step s of six, s from 0.
        static let schedules: [(text: String, factor: @Sendable (Double) -> Double)] = [
            ("{name: constant}", { _ in 1 }),
            ("{name: constant, warm-up-steps: 4}", { min(1, ($0 + 1) / 4) }),
            ("{name: cosine}", { (1 + cos(.pi * $0 / 6)) / 2 }),
            ("{name: cosine, warm-up-steps: 3}", { min(1, ($0 + 1) / 3) * (1 + cos(.pi * $0 / 6)) / 2 }),
            ("{name: multi-step, milestones: [1, 2], gamma: 0.5}", { pow(0.5, ($0 / 2).rounded(.down)) }),
        ]

        @Test(arguments: schedules.indices)
        func learningRatesFollowTheSchedule(index: Int) async throws {
            let schedule = Self.schedules[index]
            let folder = try ScratchFolder()
            let run = try await train(
                in: folder, as: "run", ranks: 0,
                set: [
                    "schedule=\(schedule.text)", "optimizer.learning-rate=0.02", "training.epochs=3",
                    "training.steps-per-epoch=2",
                ])
            let expected = (0..<6).map { 0.02 * schedule.factor(Double($0)) }
            let found = try run.steps("learning-rate")
            #expect(isClose(found, expected, relative: 1e-12), "\(found), expected \(expected)")
        }

        /// Euclidean distance of a model's parameters from those that the reference runs start with.
        private func distanceFromStart(_ model: SafetensorsFile) throws -> Double {
            let golden = BallastProcess.golden
            let backbone = try SafetensorsFile(
                contentsOf: golden.appending(path: "source.safetensors").path)
            let head = try SafetensorsFile(
                contentsOf: golden.appending(path: "trajectory-initial-head.safetensors").path)
            var sum = 0.0
            let isParameter = { (name: String) in name.hasSuffix("weight") || name.hasSuffix("bias") }
            for name in model.names.filter(isParameter) {
                let start =
                    try name.hasPrefix("fc.")
                    ? head.tensor(name.replacing("fc.", with: "head.")) : backbone.tensor(name)
                for (own, other) in zip(try model.tensor(name).elements, start.elements) {
                    sum += Double(own - other) * Double(own - other)
                }
            }
            return sum.squareRoot()
        }
    }
}
