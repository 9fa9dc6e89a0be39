import ArgumentParser
import Foundation
import Hosts
import Runs

/// `ballast completions`: the user's shell learns commands and options.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Install completions of commands and options for your shell.",
        discussion: """
            Writes one file into your home folder, where bash and fish look by themselves; for zsh it says what \
            belongs into .zshrc.

            Examples:
              ballast completions
              ballast completions bash fish
            """)

    @Argument(help: "bash | zsh | fish. Default: the shell that the variable SHELL names.")
    var shells: [CompletionFile.Shell] = []

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        try Ballast.runOnOneRank {
            let chosen: [CompletionFile.Shell?] = shells.isEmpty ? [nil] : shells
            for shell in chosen {
                let lines = try CompletionFile(shell, environment: environment).write {
                    Ballast.completionScript(for: $0.completionShell)
                }
                try StandardOutput.print(lines.joined(separator: "\n"))
            }
        }
    }
}

extension CompletionFile.Shell: ExpressibleByArgument {
    fileprivate var completionShell: CompletionShell {
        switch self {
        case .bash: .bash
        case .zsh: .zsh
        case .fish: .fish
        }
    }
}
