/// A message of one rank, about a failure or about a difference between ranks.
package struct RankReport {
    let rank: Int
    let host: String
    let message: String

    /// A message of a rank on a host.
    package init(rank: Int, host: String, message: String) {
        (self.rank, self.host, self.message) = (rank, host, message)
    }

    /// One text for all ranks: a message that several of them share is listed once.
    ///
    /// - Parameters:
    ///   - reports: The ranks, in rank order.
    ///   - groupSize: How many ranks the group has; of a single rank the number is left out.
    package static func summary(of reports: [RankReport], groupSize: Int) -> String {
        guard groupSize > 1 else { return reports.map(\.message).joined(separator: "\n") }
        var messages: [String] = []
        var ranksByMessage: [String: [RankReport]] = [:]
        for report in reports {
            if ranksByMessage[report.message] == nil { messages.append(report.message) }
            ranksByMessage[report.message, default: []].append(report)
        }
        return messages.map { message in
            let ranks = (ranksByMessage[message] ?? []).map { (rank: $0.rank, host: $0.host) }
            return "\(origin(of: ranks)): \(message)"
        }.joined(separator: "\n")
    }

    /// For example `rank 1 on host a`, or `ranks 0, 2, 8 to 15 on hosts a, b`.
    ///
    /// - Parameters:
    ///   - ranks: The ranks and where they run, ascending.
    ///   - groupSize: Named, too, if given: `rank 1 of 3 on host a`.
    static func origin(of ranks: [(rank: Int, host: String)], groupSize: Int? = nil) -> String {
        var hosts: [String] = []
        for rank in ranks where !hosts.contains(rank.host) { hosts.append(rank.host) }
        let named = hosts.prefix(largestHostCount).joined(separator: ", ")
        let others = hosts.count - largestHostCount
        return (ranks.count == 1 ? "rank " : "ranks ") + ranges(ranks.map(\.rank))
            + (groupSize.map { " of \($0)" } ?? "")
            + (hosts.count == 1 ? " on host " : " on hosts ") + named
            + (others > 0 ? " and \(others) more" : "")
    }

    /// A line with the names of hundreds of hosts is of no use.
    private static let largestHostCount = 8

    /// Ascending numbers, of which three or more in a row are shown by the first and the last.
    private static func ranges(_ numbers: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound == number - 1 {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.flatMap { run in
            run.count > 2 ? ["\(run.lowerBound) to \(run.upperBound)"] : run.map(String.init)
        }.joined(separator: ", ")
    }
}
