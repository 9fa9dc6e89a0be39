internal import Hosts
internal import ProcessGroups

extension DoctorFacts {
    /// What should be changed about cores and threads.
    var coreFindings: [Finding] {
        hosts.flatMap { host in
            let crowded = host.crowdedRanks
            if !crowded.isEmpty { return crowded }
            let shared = host.sharedCores
            return shared.isEmpty ? host.idleCores : shared
        }
    }
}

extension HostRanks {
    /// Threads a rank with which its cores would all be busy and none shared.
    private var fittingThreadCount: Int { max(1, usableCoreCount / ranks.count) }

    /// Ranks that compute with more threads than they may use cores, alike ones together.
    var crowdedRanks: [Finding] {
        let places = facts.indices.filter {
            facts[$0].placement.threadCount > facts[$0].placement.cores.count
        }
        let kinds = Dictionary(grouping: places) {
            [facts[$0].placement.threadCount, facts[$0].placement.cores.count]
        }
        return kinds.sorted { $0.value[0] < $1.value[0] }.map { kind, places in
            let (placement, verb) = (facts[places[0]].placement, places.count == 1 ? "computes" : "compute")
            let threads = Units.count(kind[0], "thread") + (places.count == 1 ? "" : " each")
            return Finding(
                "cores of \(name)",
                found: "\(words(places)) \(verb) with \(threads) and may use "
                    + Units.count(kind[1], "core")
                    + (places.count == 1 ? " (\(Units.ranges(placement.cores)))" : ""),
                expected: "at most one thread a core",
                remedy: placement.isPinned
                    ? "mpirun --bind-to none, as launch/local.sh and launch/cluster.sh do; or OMP_NUM_THREADS=\(max(1, kind[1]))"
                    : "OMP_NUM_THREADS=\(fittingThreadCount), or start with launch/local.sh, which divides the cores",
                // `ballast train` refuses to start then.
                exitCode: placement.isPinned ? ExitCode.wrongUse : nil)
        }
    }

    /// Cores that more threads have to share than there are cores.
    var sharedCores: [Finding] {
        // Some cores are too few where the ranks that can go nowhere else have more threads than that.
        let sets = Set(facts.map(\.placement.cores)).sorted { $0.count < $1.count }
        let shared = (sets + [cores]).first { set in threads(within: set) > set.count }
        let quota = facts.compactMap(\.placement.processorQuota).min()
        let sharing = shared.map { threads(within: $0) } ?? threadCount
        guard shared != nil || quota.map({ Double(threadCount) > $0.rounded(.up) }) ?? false else {
            return []
        }
        let limit =
            shared.map { "\(Units.count($0.count, "core")) (\(Units.ranges($0)))" }
            ?? "the time of \(Units.rate(quota ?? 0)) cores, which the control group allows"
        return [
            Finding(
                "cores of \(name)",
                found: "\(sharing) threads of \(Units.count(ranks.count, "rank")) share \(limit)",
                expected: "at most one thread a core",
                remedy: ranks.count > usableCoreCount
                    ? "at most \(Units.count(usableCoreCount, "rank")) on this host (-n, slots= in the hostfile)"
                    : "OMP_NUM_THREADS=\(fittingThreadCount), or mpirun --bind-to none if ranks are pinned to the same cores"
            )
        ]
    }

    private func threads(within set: [Int]) -> Int {
        let allowed = Set(set)
        return facts.filter { allowed.isSuperset(of: $0.placement.cores) }
            .reduce(0) { $0 + $1.placement.threadCount }
    }

    /// Cores that no thread uses, or that no rank may use.
    var idleCores: [Finding] {
        let quota = facts.compactMap(\.placement.processorQuota).min()
        let forbidden = facts[0].placement.hostCoreCount - cores.count
        if forbidden > 0, quota == nil, threadCount >= usablePhysicalCoreCount {
            return [
                Finding(
                    "cores of \(name)",
                    found:
                        "\(Units.count(forbidden, "core")) of \(facts[0].placement.hostCoreCount) may be used "
                        + "by no rank",
                    expected: "that ranks may use every core, unless others need them",
                    remedy:
                        "mpirun --bind-to none, or more ranks; where a scheduler gave these cores, all is well"
                )
            ]
        }
        let idle = usablePhysicalCoreCount - threadCount
        guard idle > 0 else { return [] }
        return [
            Finding(
                "cores of \(name)",
                found: "\(Units.count(idle, "core")) of \(usablePhysicalCoreCount) idle: "
                    + "\(Units.count(ranks.count, "rank")) with "
                    + Units.count(threadCount, "thread") + (ranks.count == 1 ? "" : " in all"),
                expected: "as many threads as cores",
                remedy:
                    "more ranks on this host (launch/local.sh -n \(usablePhysicalCoreCount / max(1, threadCount / ranks.count))), "
                    + "or OMP_NUM_THREADS=\(max(1, usablePhysicalCoreCount / ranks.count))")
        ]
    }
}
