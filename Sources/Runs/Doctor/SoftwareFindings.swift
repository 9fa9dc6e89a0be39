internal import Hosts
internal import ProcessGroups

extension DoctorFacts {
    /// What should be changed about versions and about how ranks are dealt to hosts.
    var softwareFindings: [Finding] {
        let software = ranks.map(\.software)
        let differences = software[0].entries.indices.compactMap { index -> Finding? in
            let versions = software.map { $0.entries[index].version }
            guard let other = versions.firstIndex(where: { $0 != versions[0] }) else { return nil }
            let name = software[0].entries[index].name
            let decidesResults = name == "ballast" || name == "MPI"
            return Finding(
                "\(name) versions",
                found: "\(ranks[0].placement.host) has \(versions[0]), "
                    + "\(ranks[other].placement.host) has \(versions[other])",
                expected: decidesResults
                    ? "the same on every host" : "the same on every host, else other hosts give other digits",
                remedy: name == "ballast"
                    ? "the same checkout and build on every host, or a shared folder"
                    : "install the same packages on every host: launch/install.sh, and build there",
                exitCode: decidesResults ? ExitCode.wrongUse : nil)
        }
        return differences + mixedProcessors + unevenHosts
    }

    private var mixedProcessors: [Finding] {
        let kinds = ProcessorCheck.groups(ranks.map(\.processor), ranks.map(\.placement.host))
        guard kinds.count > 1 else { return [] }
        return [
            Finding(
                "processors",
                found: kinds.map { "\($0.hosts) has \($0.words)" }.joined(separator: ", "),
                expected:
                    "hosts that are alike: a job that mixes them gives the results of another to rounding only, and each step waits for the slowest",
                remedy: "hosts of one kind in the hostfile, or fewer ranks on the slower ones")
        ]
    }

    private var unevenHosts: [Finding] {
        let counts = hosts.map { ($0.name, $0.ranks.count) }
        guard let most = counts.max(by: { $0.1 < $1.1 }), let least = counts.min(by: { $0.1 < $1.1 }),
            most.1 > least.1
        else { return [] }
        return [
            Finding(
                "ranks a host",
                found: "\(most.0) has \(most.1) ranks, \(least.0) has \(least.1)",
                expected: "as many on hosts that are alike, as every step waits for the slowest rank",
                remedy: "a multiple of \(counts.count) after -n, and the same slots= in the hostfile")
        ]
    }
}
