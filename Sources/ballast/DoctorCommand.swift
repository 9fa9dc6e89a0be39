import ArgumentParser
import Hosts
import ProcessGroups
import Runs
import Tensors
import Training

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

    func run() throws { try Ballast.runOnAllRanks(examine) }

    private func examine(_ group: any ProcessGroup) throws {
        let progress = group.rank == 0 ? ProgressLine() : nil
        // First of all: computing can pin this thread, and takes memory.
        let ranks = try group.allGatherCoded(RankFacts.current(threadCount: ComputeThreads.count))
        if group.size > 1 { progress?.say("measuring sums over \(group.size) ranks") }
        let before = NetworkLink.all()
        let sums = try AllReduceTimings.measure(group)
        let links = try group.allGatherCoded(NetworkLink.difference(NetworkLink.all(), since: before))
        var facts = DoctorFacts(
            launcher: LaunchEnvironment().evidence, ranks: ranks, sums: sums, links: links)
        var failures = FailureCollection()
        _ = try failures.attempt("job", remedy: "") { try JobChecks.checkSameStart(group) }
        if let file {
            let configuration = try failures.attempt(
                "configuration", remedy: "mend the line or the --set option that the message names"
            ) { try RunConfiguration.read(file, assignments: assignments, for: group) }
            if let configuration {
                let run = try ConfiguredRun(configuration, group: group) { progress?.say($0) }
                (facts.output, facts.data, facts.step) = (run.output, run.data, run.step)
                facts.failures = failures.findings + run.failures.findings
            }
        }
        if facts.failures.isEmpty { facts.failures = failures.findings }
        try tell(DoctorReport(facts), group: group)
    }

    /// Prints the report on rank 0. Every rank has the same facts but for what rank 0 alone knows of the disk,
    /// which keeps no run from starting; so all end alike.
    private func tell(_ report: DoctorReport, group: any ProcessGroup) throws {
        if group.rank == 0 { print(report.text) }
        guard let first = report.failures.first else { return }
        throw CollectiveFailure(
            message: "\(report.verdict); the first: \(first.subject): \(first.found)",
            exitCode: first.exitCode ?? ExitCode.internalError)
    }
}
