/// What one failed rank has to say.
struct RankReport {
    let rank: Int
    let host: String
    let message: String

    /// One text for all failed ranks: a message that several of them have is listed once.
    ///
    /// - Parameters:
    ///   - reports: The failed ranks, in rank order.
    ///   - groupSize: How many ranks the group has; alone, a rank need not say which one it is.
    static func summary(of reports: [RankReport], groupSize: Int) -> String {
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

    /// For example `rank 1 on host a`, or `ranks 0, 2 on hosts a, b`.
    ///
    /// - Parameters:
    ///   - ranks: The ranks and where they run.
    ///   - groupSize: Named, too, if given: `rank 1 of 3 on host a`.
    static func origin(of ranks: [(rank: Int, host: String)], groupSize: Int? = nil) -> String {
        var hosts: [String] = []
        for rank in ranks where !hosts.contains(rank.host) { hosts.append(rank.host) }
        let numbers = ranks.map { String($0.rank) }.joined(separator: ", ")
        return (ranks.count == 1 ? "rank " : "ranks ") + numbers + (groupSize.map { " of \($0)" } ?? "")
            + (hosts.count == 1 ? " on host " : " on hosts ") + hosts.joined(separator: ", ")
    }
}
