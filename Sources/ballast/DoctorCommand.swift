import ArgumentParser
import Hosts
import ProcessGroups
import Runs

/// `ballast doctor`: whether this machine, this launcher and these data are ready, and what to change.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say whether this machine, this launcher and these data are ready, and what to change.",
        discussion: """
            Runs alone or under mpirun. With a configuration it also tries what 'ballast train' does before its \
            first step, measures a few steps, and estimates how long the run takes. Nothing is left behind.
            """)

    @Option(name: .customLong("config"), help: "The configuration, a YAML file.")
    var file: String?

    @Option(
        name: .customLong("set"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "Replace or add a value of the configuration.", valueName: "key.path=value"))
    var assignments: [String] = []

    func validate() throws {
        guard file != nil || assignments.isEmpty else {
            throw ValidationError("--set changes a value of the configuration: name its file with --config")
        }
    }

    func run() throws {
        try Ballast.runOnAllRanks { group in
            let report = try Examination.run(file, assignments: assignments, group: group)
            try group.coordinate { () throws -> Void in try StandardOutput.print(report.text) }
            // What keeps a run from starting is the same on every rank; so all end alike.
            guard let first = report.failures.first else { return }
            throw CollectiveFailure(
                message: "\(report.verdict); the first: \(first.subject): \(first.found)",
                exitCode: first.exitCode ?? ExitCode.internalError)
        }
    }
}
