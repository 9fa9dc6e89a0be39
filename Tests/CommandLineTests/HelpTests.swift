import Foundation
import TestSupport
import Testing

/// What the program says of itself.
@Suite struct HelpTests {
    @Test(arguments: [
        [], ["train"], ["evaluate"], ["predict"], ["compare"], ["report"], ["relate"], ["benchmark"],
        ["doctor"], ["import"], ["export"], ["completions"],
    ])
    func helpIsAResult(command: [String]) async throws {
        let outcome = try await BallastProcess.run(command + ["--help"])
        #expect(outcome.exitCode == 0)
        #expect(outcome.errors == "")
        #expect(outcome.output.contains("USAGE: " + (["ballast"] + command).joined(separator: " ")))
        try await examplesAreUnderstood(in: outcome.output)
    }

    /// Runs the examples of a help text in an empty folder: none may be wrong use of the command line. Those that
    /// begin with another program are the same commands.
    private func examplesAreUnderstood(in help: String) async throws {
        let lines = help.split(separator: "\n").filter { $0.contains(/^ +(ballast|launch\/local.sh)\b/) }
        #expect(lines.count >= 2, "\(help)")
        #expect(!help.contains(/\n--/), "an example is too long for its line: \(help)")
        let folder = try ScratchFolder()
        for line in lines where line.contains(/^ +ballast\b/) && !line.contains("benchmark") {
            let words = line.replacing("'method={name: co-tuning}'", with: "method.name=co-tuning")
                .split(separator: " ").dropFirst().map(String.init)
            let outcome = try await BallastProcess.run(
                words, in: folder.url, environment: ["HOME": folder.path, "SHELL": "/bin/bash"])
            #expect(!outcome.errors.contains("Usage:"), "\(line): \(outcome.errors)")
        }
    }

    /// What was installed is what the shell looks for, and bash takes it.
    @Test func completionsAreInstalled() async throws {
        let folder = try ScratchFolder()
        let home = [
            "HOME": folder.path, "SHELL": "/usr/bin/bash", "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "",
        ]
        let outcome = try await BallastProcess.run(["completions"], environment: home)
        #expect(outcome.exitCode == 0 && outcome.errors == "", "\(outcome)")
        let path = folder.path + "/.local/share/bash-completion/completions/ballast"
        #expect(outcome.output.contains(path))
        let offered = try await BallastProcess.run(
            command: [
                "bash", "-c",
                """
                source '\(path)' && complete -p ballast >/dev/null || exit 1
                COMP_WORDS=(ballast tr) COMP_CWORD=1 COMP_LINE='ballast tr' COMP_POINT=10 COMP_TYPE=9
                _ballast ballast tr ballast; echo "${COMPREPLY[@]}"
                """,
            ])
        #expect(offered.output.contains("train"), "\(offered)")
        let others = try await BallastProcess.run(["completions", "zsh", "fish"], environment: home)
        #expect(others.exitCode == 0)
        let zsh = try String(
            contentsOfFile: folder.path + "/.local/share/zsh/site-functions/_ballast", encoding: .utf8)
        let fish = try String(
            contentsOfFile: folder.path + "/.config/fish/completions/ballast.fish", encoding: .utf8)
        #expect(zsh.hasPrefix("#compdef ballast") && fish.contains("complete -c 'ballast'"))
    }

    @Test func theVersionIsThatOfTheFiles() async throws {
        let outcome = try await BallastProcess.run(["--version"])
        #expect(outcome.exitCode == 0)
        #expect(outcome.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil, "\(outcome.output)")
    }
}
