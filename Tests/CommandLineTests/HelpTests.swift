import Foundation
import Testing

/// What the program says of itself.
@Suite struct HelpTests {
    @Test(arguments: [
        [], ["train"], ["evaluate"], ["predict"], ["relate"], ["benchmark"], ["doctor"], ["import"],
        ["export"],
    ])
    func helpIsAResult(command: [String]) async throws {
        let outcome = try await BallastProcess.run(command + ["--help"])
        #expect(outcome.exitCode == 0)
        #expect(outcome.errors == "")
        #expect(outcome.output.contains("USAGE: " + (["ballast"] + command).joined(separator: " ")))
    }

    @Test func theVersionIsThatOfTheFiles() async throws {
        let outcome = try await BallastProcess.run(["--version"])
        #expect(outcome.exitCode == 0)
        #expect(outcome.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil, "\(outcome.output)")
    }
}
