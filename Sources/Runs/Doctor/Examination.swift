internal import Hosts
package import ProcessGroups
internal import Tensors
internal import Training

/// Examines machine, launcher and, with a configuration, data and run. Nothing is left behind.
package enum Examination {
    /// - Parameters:
    ///   - file: The configuration; nil: the machine and the launcher alone.
    ///   - assignments: `--set` options, in their order.
    ///   - plans: Clusters to predict the configuration's steps for.
    ///   - inBothPrecisions: Whether to predict them in the precision that is not configured, too.
    ///   - group: The ranks.
    /// - Returns: The report; ranks may differ in what rank 0 alone knows of the disk, which is no failure.
    /// - Throws: Errors that other ranks may not know of.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func run(
        _ file: String?, assignments: [String], plans: [PlanRequest] = [],
        inBothPrecisions: Bool = false, group: any ProcessGroup
    ) throws -> DoctorReport {
        let progress = group.rank == 0 ? ProgressLine() : nil
        var facts = try machine(group) { progress?.say($0) }
        var failures = FailureCollection()
        _ = try failures.attempt("job", remedy: "") { try JobChecks.checkSameStart(group) }
        _ = try failures.attempt("linear algebra", remedy: LinearAlgebraError.remedy) {
            try group.agree { try LinearAlgebraCheck.require() }
        }
        if let file {
            let configuration = try failures.attempt(
                "configuration", remedy: "mend the line or the --set option that the message names"
            ) { try RunConfiguration.read(file, assignments: assignments, for: group) }
            if let configuration {
                let network = (timings: facts.allReduces, hosts: facts.hosts.count)
                let run = try ConfiguredRun(
                    configuration, plans: plans, inBothPrecisions: inBothPrecisions, network: network,
                    group: group
                ) { progress?.say($0) }
                facts.plans = run.plans
                (facts.output, facts.data, facts.step) = (run.output, run.data, run.step)
                facts.precision = configuration.training.precision
                facts.failures = failures.findings + run.failures.findings
            }
        }
        if facts.failures.isEmpty { facts.failures = failures.findings }
        return DoctorReport(facts)
    }

    /// What is known without a configuration.
    private static func machine(_ group: any ProcessGroup, say: (String) -> Void) throws -> DoctorFacts {
        // First of all: computing can pin this thread, and takes memory.
        let ranks = try group.allGatherCoded(RankFacts.current(threadCount: ComputeThreads.count))
        let multipliesBFloat16 = try group.allGather([Int64(MathLibraries.multipliesBFloat16 ? 1 : 0)]).map {
            $0 == 1
        }
        if group.size > 1 { say("measuring all-reduces over \(group.size) ranks") }
        let before = NetworkLink.all()
        let timings = try AllReduceTimings.measure(group)
        let links = try group.allGatherCoded(NetworkLink.difference(NetworkLink.all(), since: before))
        return DoctorFacts(
            launcher: LaunchEnvironment().evidence, ranks: ranks,
            multipliesBFloat16: multipliesBFloat16, allReduces: timings, links: links)
    }
}
