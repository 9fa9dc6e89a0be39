internal import Hosts

/// A cluster that the time of a step is predicted for, the value of `--plan`: `HOSTS,RANKS,GBIT`.
package struct PlanRequest: Sendable, Equatable {
    /// Hosts of the job.
    package let hosts: Int
    /// Ranks of a host, each of as many threads as the process that measures.
    package let ranks: Int
    /// Speed of a host's link, in Gbit/s, in each direction.
    package let gigabits: Double

    package init(hosts: Int, ranks: Int, gigabits: Double) {
        (self.hosts, self.ranks, self.gigabits) = (hosts, ranks, gigabits)
    }

    private static let (mostHosts, mostRanks) = (100_000, 1024)
    private static let speeds = 0.001...100_000.0

    /// Reads the value of the option.
    ///
    /// - Throws: `UsageError` (64) that says what is expected.
    package init(_ text: String) throws(UsageError) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else {
            throw Self.error(text, "has \(parts.count) part\(parts.count == 1 ? "" : "s")")
        }
        guard let hosts = Int(parts[0]), 1...Self.mostHosts ~= hosts else {
            throw Self.error(text, "has '\(parts[0].excerpt)' for HOSTS, from 1 to \(Self.mostHosts)")
        }
        guard let ranks = Int(parts[1]), 1...Self.mostRanks ~= ranks else {
            throw Self.error(text, "has '\(parts[1].excerpt)' for RANKS, from 1 to \(Self.mostRanks)")
        }
        // No hexadecimal numbers, and nothing that is none.
        let isDecimal = parts[2].utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
        guard isDecimal, let gigabits = Double(parts[2]), Self.speeds.contains(gigabits) else {
            throw Self.error(text, "has '\(parts[2].excerpt)' for GBIT, from 0.001 to 100000")
        }
        self.init(hosts: hosts, ranks: ranks, gigabits: gigabits)
    }

    private static func error(_ text: String, _ problem: String) -> UsageError {
        UsageError(
            "--plan '\(text.excerpt)' \(problem); expected HOSTS,RANKS,GBIT: whole numbers of hosts and of ranks a "
                + "host, and the speed of a host's link in Gbit/s, for example 8,32,25")
    }
}
