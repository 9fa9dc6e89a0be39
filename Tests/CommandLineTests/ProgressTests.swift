import Foundation
import TestSupport
import Testing

/// What a run shows while it works, on a terminal and in a log.
@Suite struct ProgressTests {
    private static let configuration = BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path

    /// Trains on a terminal of so many columns; gives what the terminal was sent.
    private func onATerminal(_ options: String = "", columns: Int, kind: String = "xterm") async throws
        -> String
    {
        let folder = try ScratchFolder()
        let command =
            "stty cols \(columns); '\(BallastProcess.binary.path)' train --config '\(Self.configuration)' --set output=\(folder.path)/run \(options)"
        let outcome = try await BallastProcess.run(
            command: ["script", "--quiet", "--return", "--command", command, "/dev/null"], in: folder.url,
            environment: ["TERM": kind, "OMP_NUM_THREADS": "1", "SHELL": "/bin/sh"])
        #expect(outcome.exitCode == 0, "\(outcome)")
        return outcome.output
    }

    @Test func oneLineRenewsItself() async throws {
        let sent = try await onATerminal(columns: 70)
        let clearing = "\r\u{1B}[K"
        let drawn = sent.components(separatedBy: clearing).filter { $0.hasPrefix("[") }
        #expect(drawn.count >= 2, "\(sent)")
        // Each is replaced before another line comes, and fits.
        for line in drawn { #expect(!line.contains("\n") && line.count < 70, "\(line)") }
        #expect(drawn.last?.contains("100 %  step ") == true, "\(drawn)")
        #expect(sent.contains("\(clearing)model: "), "what follows begins on an empty line: \(sent)")
    }

    @Test func aPlainTerminalGetsPlainLines() async throws {
        let sent = try await onATerminal(columns: 70, kind: "dumb")
        #expect(!sent.contains("\u{1B}") && sent.contains(/step [0-9]+\/[0-9]+  epoch 1\//), "\(sent)")
    }

    @Test func quietLeavesResults() async throws {
        let sent = try await onATerminal("--quiet", columns: 70)
        let lines = sent.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("notice: ") }
        #expect(lines.first?.hasPrefix("model: ") == true, "\(sent)")
        #expect(!sent.contains("\u{1B}") && !sent.contains("images/s"))
    }
}
