import Foundation
import Testing

extension CheckingRanksTests {
    /// Input that cannot be used ends every rank, with the exit code of its kind and one message that names
    /// what is wrong.
    @Suite(.serialized) struct BadInputTests {
        private let files: BadInputFiles

        init() throws { files = try BadInputFiles() }

        /// Each on two ranks, and some without mpirun.
        private static let jobs: [(BadInput, Int)] =
            BadInput.all.map { ($0, 2) }
            + BadInput.all.enumerated().filter { $0.offset % 3 == 0 }.map { ($0.element, 0) }

        @Test(arguments: jobs)
        func everyRankEndsAndOneSpeaks(input: BadInput, ranks: Int) async throws {
            let outcome = try await BallastProcess.run(input.arguments, ranks: ranks, in: files.folder.url)
            expect(outcome, input)
        }

        @Test func moreRanksThanSamplesOfABatch() async throws {
            for (value, message) in [
                ("global-batch=2", "3 ranks are more than the 2 samples of a batch; start at most 2 ranks"),
                (
                    "accumulation=2",
                    "3 ranks are more than the 2 samples of a batch (global-batch 4 in 2 micro-batches); start at most 2"
                ),
            ] {
                let input = BadInput.train("training.\(value)", 64, message)
                let outcome = try await BallastProcess.run(input.arguments, ranks: 3, in: files.folder.url)
                expect(outcome, input)
            }
        }

        /// One sample, whose map in the last stage has one position, or one on each of two ranks.
        @Test(arguments: [(0, "global-batch=1"), (0, "accumulation=4"), (2, "global-batch=2")])
        func normalizationOverOneValueIsRefused(ranks: Int, size: String) async throws {
            let input = BadInput.train(
                "training.\(size) network.batch-norm=local", 64,
                "batch normalization behind 'layer4.1.conv2' has 1 value a channel, of 1 sample")
            let outcome = try await BallastProcess.run(input.arguments, ranks: ranks, in: files.folder.url)
            expect(outcome, input)
            #expect(try !files.folder.names.contains("run"))
        }

        @Test(arguments: [0, 2])
        func theGoodRunOfTheseFilesWorks(ranks: Int) async throws {
            let folder = files.folder.url
            let outcome = try await BallastProcess.run(
                ["train", "--config", "good.yaml"], ranks: ranks, in: folder)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            // What is wrong with data and options of `evaluate` shows only with a model.
            for input in BadInput.evaluation {
                expect(
                    try await BallastProcess.run(input.arguments, ranks: ranks, in: folder), input)
            }
        }

        private func expect(_ outcome: BallastProcess.Outcome, _ input: BadInput) {
            #expect(outcome.exitCode == input.exitCode, "\(input): \(outcome.errors)")
            #expect(outcome.output == "", "\(input)")
            // Standard error also holds what the run said before, and what mpirun says of a job that failed.
            let messages = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("ballast: ") }
            #expect(messages.count == 1, "\(input): \(outcome.errors)")
            let occurrences = outcome.errors.components(separatedBy: input.message).count - 1
            #expect(occurrences == 1, "'\(input.message)' in: \(outcome.errors)")
        }
    }
}
