import Foundation
import Tensors
import TestSupport
import Testing

extension ManyRanksTests {
    /// EfficientNet-Lite0 through the whole program: pretraining from random weights, then each method on what
    /// that left behind.
    @Suite(.serialized) struct EfficientNetTests {
        private static let configuration = """
            method: {name: fine-tune}
            network: {name: efficientnet-lite0}
            data: {train: \(BallastProcess.golden.path)/trajectory-data.safetensors, validation: none}
            optimizer: {learning-rate: 0.001}
            training: {epochs: 1, steps-per-epoch: 2, global-batch: 6, shuffle: false}
            output: pretrained

            """

        private func train(
            _ folder: ScratchFolder, _ name: String, ranks: Int, set assignments: [String]
        ) async throws -> RunFolder {
            let outcome = try await BallastProcess.run(
                ["train", "--config", "run.yaml", "--set", "output=\(name)"] + assignments, ranks: ranks,
                in: folder.url)
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            return RunFolder(url: folder.url.appending(path: name))
        }

        @Test func methodsTrainOnWhatARunLeavesBehind() async throws {
            let folder = try ScratchFolder(configuration: Self.configuration)
            let pretrained = try await train(
                folder, "pretrained", ranks: 0, set: ["training.steps-per-epoch=4"])
            let model = try pretrained.model
            #expect(model.shape(of: "classifier.weight") == [5, 1280])
            #expect(model.shape(of: "blocks.5.3.conv_dw.weight") == [1152, 1, 5, 5])
            #expect(try model.integers("blocks.6.0.bn3.num_batches_tracked") == [4])
            let description = try #require(model.metadata["ballast"])
            #expect(!description.contains("stem") && !description.contains("baseWidth"))
            // Images that are no tensors come in -1 … 1 to this network.
            #expect(description.contains("\"mean\":[0.5,0.5,0.5]"), "\(description)")
            let weights = "network.weights=pretrained/model.safetensors"
            for method in [
                "{name: lwf}", "{name: co-tuning}", "{name: bi-tuning}", "{name: bss}",
                "{name: delta, features: plain}", "{name: l2-sp}",
            ] {
                var losses: [[Double]] = []
                for ranks in [0, 2] {
                    let run = try await train(
                        folder, "run-\(losses.count)", ranks: ranks, set: ["method=\(method)", weights])
                    losses.append(try run.steps("loss"))
                    try FileManager.default.removeItem(at: run.url)
                }
                #expect(losses[0].count == 2)
                #expect(isClose(losses[1], losses[0], relative: 1e-4), "\(method): \(losses)")
            }
        }

        @Test func evaluationAndBenchmarkKnowTheNetwork() async throws {
            let folder = try ScratchFolder(configuration: Self.configuration)
            let run = try await train(folder, "run", ranks: 0, set: [])
            let data = BallastProcess.golden.appending(path: "trajectory-data.safetensors").path
            let evaluated = try await BallastProcess.run(
                ["evaluate", "--model", run.url.path, "--data", data, "--json"], ranks: 2)
            #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
            #expect(try MetricsEvent(Data(evaluated.output.utf8)).number("count") == 48)
            let measured = try await BallastProcess.run([
                "benchmark", "--network", "efficientnet-lite0", "--method", "delta", "--batch", "2",
                "--image-size", "33", "--steps", "1", "--json",
            ])
            #expect(measured.exitCode == 0, "\(measured.errors)")
            let report = try MetricsEvent(Data(measured.output.utf8))
            #expect(report.values["network"] as? String == "efficientnet-lite0")
        }
    }
}
