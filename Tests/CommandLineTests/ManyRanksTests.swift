import Foundation
import TestSupport
import Testing

/// The tests of several ranks that train, one after the other: all side by side they would wait for each other's cores.
/// Jobs wait for more than half of their time, so that those of `FailingRanksTests` and `CheckingRanksTests` run beside
/// these. Each of the three takes about as long.
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

/// The tests of several ranks that fail, are killed or are stopped, one after the other.
@Suite(.serialized) enum FailingRanksTests {
    /// What trains on two ranks as the reference configuration of a method says, with a checkpoint of each step.
    ///
    /// - Parameters:
    ///   - method: Its name.
    ///   - folder: Where the run's folder is made.
    ///   - name: Name of the run's folder.
    ///   - further: Further values.
    static func arguments(
        _ method: String, _ folder: ScratchFolder, _ name: String, _ further: [String] = []
    ) -> [String] {
        let file = BallastProcess.golden.appending(path: "trajectory-\(method).yaml").path
        return [
            "train", "--config", file, "--set", "output=\(folder.url.appending(path: name).path)",
            "checkpoint.every-steps=1",
        ] + further
    }

    /// The bytes of the model of a run on two ranks that nothing disturbed.
    static func undisturbed(_ method: String, _ folder: ScratchFolder) async throws -> Data {
        let outcome = try await BallastProcess.run(arguments(method, folder, "undisturbed"), ranks: 2)
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
        return try RunFolder(url: folder.url.appending(path: "undisturbed")).modelBytes
    }
}

/// The tests of several ranks that take no step, for their input is refused, they only measure, or fit a probe, one after
/// the other.
@Suite(.serialized) enum CheckingRanksTests {}
