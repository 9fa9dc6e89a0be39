import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

extension ManyRanksTests {
    /// Whole runs whose feature maps have 8 bits of mantissa.
    @Suite(.serialized) struct PrecisionTests {
        private static let narrow = ["training.precision=bfloat16"]

        /// Each loss lies within 2 % of the reference's in 32 bits, and ranks change it by rounding alone.
        @Test(arguments: TrajectoryTests.methods)
        func lossesAreThoseOf32BitsAtEveryNumberOfRanks(method: String) async throws {
            let folder = try ScratchFolder()
            let golden = try SafetensorsFile(
                contentsOf: BallastProcess.golden.appending(path: "trajectory-\(method).safetensors").path)
            let expected = try golden.tensor("output.loss").elements.map(Double.init)
            var losses: [[Double]] = []
            for ranks in 1...3 {
                let run = try await train(
                    "trajectory-\(method)", in: folder, as: "\(ranks)", ranks: ranks, set: Self.narrow)
                let found = try run.steps("loss")
                #expect(
                    isClose(found, expected, relative: 0.02), "\(ranks) ranks: \(found), expected \(expected)"
                )
                #expect(found != expected)
                losses.append(found)
            }
            // Sums over other ranks differ in the last bits, and a weight that is rounded otherwise because of that shows:
            // most where logits are divided by a small temperature.
            let tolerance = method == "bi-tuning" ? 3e-3 : 1e-3
            for (ranks, found) in losses.enumerated().dropFirst() {
                #expect(
                    isClose(found, losses[0], relative: tolerance),
                    "\(ranks + 1) ranks: \(found), one rank \(losses[0])")
            }
        }

        /// With frozen statistics the term before the first update is no rounding at all.
        @Test func deltaStartsFromZero() async throws {
            let folder = try ScratchFolder()
            let run = try await train(
                "trajectory-delta-feature-map", in: folder, as: "run", ranks: 2,
                set: Self.narrow + ["network.batch-norm=frozen"])
            let penalties = try run.steps("penalty")
            #expect(penalties[0] == 0 && penalties[5] > 0, "\(penalties)")
        }

        /// A checkpoint holds 32-bit floats, so that a run can go on in the other precision.
        @Test(arguments: [["float32", "bfloat16"], ["bfloat16", "float32"]])
        func aRunGoesOnInTheOtherPrecision(_ precisions: [String]) async throws {
            let folder = try ScratchFolder()
            let output = folder.url.appending(path: "run")
            func arguments(_ precision: String, epochs: Int) -> [String] {
                [
                    "train", "--config",
                    BallastProcess.golden.appending(path: "trajectory-bi-tuning.yaml").path,
                    "--set", "output=\(output.path)", "training.precision=\(precision)",
                    "training.epochs=\(epochs)", "checkpoint.every-steps=3",
                ]
            }
            let first = try await BallastProcess.run(arguments(precisions[0], epochs: 1))
            try #require(first.exitCode == 0, "\(first.errors)")
            let second = try await BallastProcess.run(arguments(precisions[1], epochs: 2))
            try #require(second.exitCode == 0, "\(second.errors)")
            #expect(second.errors.contains("goes on after step 6"))
            #expect(
                second.errors.contains(
                    "precision: the steps before were computed in \(precisions[0]), those that follow in "
                        + precisions[1]))
            let run = RunFolder(url: output)
            #expect(try run.steps("step").last == 12)
            #expect(try run.steps("loss").allSatisfy(\.isFinite))
            // The saved model says what its maps were rounded to, and is evaluated like that.
            let header = try run.model.metadata["ballast"] ?? ""
            #expect(header.contains("bfloat16") == (precisions[1] == "bfloat16"))
        }

        /// What is taken is said, and depends on the processor where the configuration leaves it open.
        @Test func theChoiceIsSaid() async throws {
            let isFast = MathLibraries.multipliesBFloat16
            for precision in ["auto", "bfloat16"] {
                let folder = try ScratchFolder()
                let outcome = try await BallastProcess.run(
                    [
                        "train", "--config",
                        BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path, "--set",
                        "output=\(folder.url.appending(path: "run").path)", "training.precision=\(precision)",
                        "training.steps-per-epoch=1",
                    ], ranks: 2)
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
                let taken = precision == "bfloat16" || isFast ? "bfloat16" : "float32"
                #expect(outcome.errors.contains("precision: \(taken)"))
                #expect(outcome.errors.contains("without AVX512-BF16 or AMX") == !isFast)
            }
        }
    }
}
