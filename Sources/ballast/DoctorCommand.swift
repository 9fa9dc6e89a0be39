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

            With --plan it predicts the run's steps on other clusters from steps measured here, and says which ranks, \
            threads, local batch, wire format and buckets are best there, and what is assumed. RANKS are ranks a host, \
            each of as many threads as here (OMP_NUM_THREADS).

            Examples:
              ballast doctor
              ballast doctor --config run.yaml
              OMP_NUM_THREADS=1 ballast doctor --config run.yaml --plan 8,32,25 64,32,25
            """)

    @Option(name: .customLong("config"), help: "The configuration, a YAML file.")
    var file: String?

    @Option(
        name: .customLong("set"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "Replace or add a value of the configuration.", valueName: "key.path=value"))
    var assignments: [String] = []

    @Option(
        name: .customLong("plan"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "Predict steps on so many hosts, of so many ranks, with links of so many Gbit/s, on each such cluster.",
            valueName: "HOSTS,RANKS,GBIT"))
    var plans: [String] = []

    @Flag(
        help: """
            Predict them in float32 and in bfloat16: also in the precision that training.precision does not say, \
            measured as it is on this processor.
            """)
    var bothPrecisions = false

    @Flag(help: "Print the plan alone, as one JSON object; with --both-precisions as an array of two.")
    var json = false

    @OptionGroup var progress: ProgressOptions

    func validate() throws {
        guard file != nil || assignments.isEmpty else {
            throw ValidationError("--set changes a value of the configuration: name its file with --config")
        }
        guard file != nil || plans.isEmpty else {
            throw ValidationError("--plan predicts the steps of a configuration: name its file with --config")
        }
        guard !bothPrecisions || !plans.isEmpty else {
            throw ValidationError("--both-precisions is for a plan: say for which cluster with --plan")
        }
        guard !json || !plans.isEmpty else {
            throw ValidationError("--json prints a plan: say for which cluster with --plan")
        }
        do { for plan in plans { _ = try PlanRequest(plan) } } catch { throw ValidationError("\(error)") }
    }

    func run() throws {
        let requests = try plans.map { try PlanRequest($0) }
        try Ballast.runOnAllRanks(isQuiet: progress.quiet) { group in
            let report = try Examination.run(
                file, assignments: assignments, plans: requests, inBothPrecisions: bothPrecisions,
                group: group)
            try group.coordinate { () throws -> Void in
                if let text = try json ? report.planJSON : report.text { try StandardOutput.print(text) }
            }
            // What keeps a run from starting is the same on every rank; so all end alike.
            guard let first = report.failures.first else { return }
            throw CollectiveFailure(
                message: "\(report.verdict); the first: \(first.subject): \(first.found)",
                exitCode: first.exitCode ?? ExitCode.internalError)
        }
    }
}
