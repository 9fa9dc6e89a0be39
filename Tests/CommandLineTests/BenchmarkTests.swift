import Foundation
import Testing

extension CheckingRanksTests {
    /// What `ballast benchmark` prints.
    @Suite(.serialized) struct BenchmarkTests {
        @Test(arguments: [0, 2])
        func theReportIsOneObject(ranks: Int) async throws {
            let outcome = try await BallastProcess.run(
                [
                    "benchmark", "--network", "resnet18", "--batch", "2", "--image-size", "64", "--steps",
                    "2", "--json",
                ], ranks: ranks)
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(outcome.output.hasSuffix("}\n") && outcome.output.count { $0 == "\n" } == 1)
            let report = try MetricsEvent(Data(outcome.output.utf8))
            #expect(
                report.keys == [
                    "bare-all-reduce-seconds", "image-size", "images-per-second", "local-batch", "method",
                    "network",
                    "overlap", "peak-memory-bytes", "precision", "ranks", "seconds", "step-seconds",
                    "threads",
                    "wire-format",
                ])
            #expect(["none", "polling", "thread"].contains(report.values["overlap"] as? String))
            #expect(report.values["wire-format"] as? String == "float32")
            let seconds = try #require(report.values["seconds"] as? [String: Double])
            #expect(seconds.keys.sorted() == ["backward", "communication", "data", "forward", "optimizer"])
            #expect(report.values["network"] as? String == "resnet18")
            #expect(report.values["method"] as? String == "fine-tune")
            for (key, value) in [
                ("ranks", max(ranks, 1)), ("threads", 1), ("local-batch", 2), ("image-size", 64),
            ] {
                #expect(try report.number(key) == Double(value), "\(key)")
            }
            // A rank holds at least parameters, gradients and momentum of 11.2 million numbers.
            #expect(try report.number("peak-memory-bytes") > 3 * 4 * 11.2e6)
            let stepSeconds = try report.number("step-seconds")
            #expect(stepSeconds > 0)
            #expect(
                try isClose(
                    [report.number("images-per-second")], [2 * Double(max(ranks, 1)) / stepSeconds],
                    relative: 1e-9))
        }
    }
}
