import Foundation
import TestSupport
import Testing

/// The tests that start several ranks, one after the other: side by side they would wait for each other's cores.
@Suite(.serialized) enum ManyRanksTests {
    /// Trains as a reference configuration says, in a folder of its own.
    ///
    /// - Parameters:
    ///   - configuration: Name of a file beside the reference files, without `.yaml`.
    ///   - folder: Where the run's folder is made.
    ///   - name: Name of the run's folder.
    ///   - ranks: As for `BallastProcess.run`.
    ///   - assignments: Further values.
    static func train(
        _ configuration: String = "trajectory-fine-tune", in folder: ScratchFolder, as name: String,
        ranks: Int = 0, set assignments: [String] = []
    ) async throws -> RunFolder {
        let run = RunFolder(url: folder.url.appending(path: name))
        let file = BallastProcess.golden.appending(path: "\(configuration).yaml").path
        let outcome = try await BallastProcess.run(
            ["train", "--config", file, "--set", "output=\(run.url.path)"] + assignments, ranks: ranks)
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
        return run
    }
}
