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
        return messages.map { "\(origin(of: ranksByMessage[$0] ?? [])): \($0)" }.joined(separator: "\n")
    }

    /// For example `rank 1 on host a`, or `ranks 0, 2 on hosts a, b`.
    private static func origin(of reports: [RankReport]) -> String {
        var hosts: [String] = []
        for report in reports where !hosts.contains(report.host) { hosts.append(report.host) }
        let ranks = reports.map { String($0.rank) }.joined(separator: ", ")
        return (reports.count == 1 ? "rank " : "ranks ") + ranks
            + (hosts.count == 1 ? " on host " : " on hosts ") + hosts.joined(separator: ", ")
    }
}
