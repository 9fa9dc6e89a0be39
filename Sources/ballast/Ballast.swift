import ArgumentParser
import Foundation
import Hosts
import ProcessGroups
import Runs
import Tensors

/// The command `ballast`.
@main
struct Ballast: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ballast",
        abstract: "Fine-tune pretrained image classifiers on CPU clusters.",
        discussion: """
            Each command runs alone or, but for import, export and completions, under mpirun; the scripts in launch/ \
            start it on several ranks. Standard output is for results, standard error for progress and messages.

            Examples:
              ballast doctor
              ballast train --config run.yaml
              ballast help train
            """,
        version: BallastVersion.current,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, PredictCommand.self, CompareCommand.self,
            ReportCommand.self, RelateCommand.self, BenchmarkCommand.self, DoctorCommand.self,
            ImportCommand.self, ExportCommand.self, CompletionsCommand.self,
        ])

    /// Runs the command that the arguments name, or prints the help that they ask for.
    static func main() {
        StandardOutput.prepare()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error).isSuccess else { exit(withError: error) }
            do {
                try StandardOutput.print(fullMessage(for: error))
            } catch {
                StandardError.print("ballast: \(error)")
                Foundation.exit(error.exitCode)
            }
        }
    }

    /// Runs the work of a command that is no work for several ranks, and ends the process.
    static func runOnOneRank(_ work: () throws -> Void) throws {
        try runOnAllRanks { group in
            guard group.size == 1 else {
                throw CollectiveFailure(
                    message:
                        "\(group.size) ranks were started, but one process does this work; start it without mpirun",
                    exitCode: ExitCode.wrongUse)
            }
            try work()
        }
    }

    /// Runs a command's work on all ranks of the launcher, or alone without one, and ends the process.
    ///
    /// - Parameters:
    ///   - isQuiet: Whether only notices, results and errors are shown.
    ///   - work: The work.
    static func runOnAllRanks(
        isQuiet: Bool = false, _ work: (any ProcessGroup) throws -> Void
    ) throws {
        prepareSignals()
        let code = MPIRuntime.run { group in
            ProgressDisplay.begin(isQuiet: isQuiet, speaks: group.rank == 0)
            defer { ProgressDisplay.end() }
            if let argument = UTF8Names.firstBrokenArgument {
                // Every rank was given the same.
                throw CollectiveFailure(
                    message: "'\(argument.shownPath)': this argument is not UTF-8; rename the file or folder",
                    exitCode: ExitCode.wrongUse)
            }
            let variables = ProcessInfo.processInfo.environment
            ComputeThreads.divide(
                among: variables["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) } ?? group.size)
            try work(group)
        }
        if code != 0 { throw ArgumentParser.ExitCode(code) }
    }
    /// What holds before MPI starts any thread.
    private static func prepareSignals() {
        // Nobody needs to read along: a pipe that was closed is an error of what writes results, and no end of the run.
        signal(SIGPIPE, SIG_IGN)
        // Some programs block signals and forget to allow them again in what they start, which then nobody can stop.
        var stops = sigset_t()
        sigemptyset(&stops)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { sigaddset(&stops, number) }
        pthread_sigmask(SIG_UNBLOCK, &stops, nil)
    }
}
