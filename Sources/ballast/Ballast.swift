import ArgumentParser
import Foundation

/// The command `ballast`.
@main
struct Ballast: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ballast",
        abstract: "Fine-tune pretrained image classifiers on CPU clusters.",
        subcommands: [TrainCommand.self])

    /// Runs the command that the arguments name and turns errors into messages and exit codes, for all commands in
    /// this one place.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as ConfigurationError {
            FileHandle.standardError.write(Data("ballast: \(error)\n".utf8))
            exit(withError: ExitCode(error.exitCode))
        } catch {
            exit(withError: error)
        }
    }
}
