internal import Foundation
internal import Hosts
internal import ModelFiles

/// The file from which a shell of the user completes the words of this command.
package struct CompletionFile {
    /// A shell that completions can be made for.
    package enum Shell: String, CaseIterable, Sendable {
        case bash, zsh, fish
    }

    private let shell: Shell
    private let folder: String

    /// Where the shell looks by itself, for zsh where it can be told to look.
    ///
    /// - Parameters:
    ///   - shell: The shell; nil: the one that `SHELL` names.
    ///   - environment: The variables of the process.
    /// - Throws: `UsageError` where they name no shell or no home folder.
    package init(_ shell: Shell?, environment: [String: String]) throws {
        let usual = environment["SHELL"] ?? ""
        guard let shell = shell ?? Shell(rawValue: (usual as NSString).lastPathComponent) else {
            throw UsageError(
                "the variable SHELL is '\(usual.shownPath)', for which there are no completions; name bash, zsh or fish"
            )
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw UsageError("the variable HOME names no folder; set it to your home folder")
        }
        func base(_ variable: String, _ usual: String) -> String {
            // A path that is not absolute means nothing, says the XDG specification.
            environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/\(usual)"
        }
        self.shell = shell
        folder =
            switch shell {
            case .bash: base("XDG_DATA_HOME", ".local/share") + "/bash-completion/completions"
            case .zsh: base("XDG_DATA_HOME", ".local/share") + "/zsh/site-functions"
            case .fish: base("XDG_CONFIG_HOME", ".config") + "/fish/completions"
            }
    }

    /// The file.
    package var path: String {
        let name =
            switch shell {
            case .bash: "ballast"
            case .zsh: "_ballast"
            case .fish: "ballast.fish"
            }
        return "\(folder)/\(name)"
    }

    /// Writes the file.
    ///
    /// - Parameter script: Makes what the shell reads.
    /// - Returns: What was done, and what is left to do, a line each.
    /// - Throws: `OutputError` or `OutputFileError`, 74.
    package func write(_ script: (Shell) -> String) throws -> [String] {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw OutputError(path: folder, problem: "cannot make the folder", underlying: error)
        }
        try OutputFile.replace(path, with: Array(script(shell).utf8))
        switch shell {
        case .bash:
            return ["wrote \(path); it serves from the next shell on, where bash-completion is installed"]
        case .fish: return ["wrote \(path); it serves from the next shell on"]
        case .zsh:
            return [
                "wrote \(path); put this line into ~/.zshrc, before others that call compinit:",
                "fpath=(\(folder) $fpath); autoload -U compinit; compinit",
            ]
        }
    }
}
