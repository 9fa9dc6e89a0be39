internal import Hosts
internal import ProcessGroups

/// What each rank has of something that all ranks should have alike.
struct RankComparison {
    private let values: [String?]
    private let hosts: [String]

    /// Gathers the values.
    ///
    /// - Parameter value: This rank's.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ value: String, group: any ProcessGroup) throws {
        try self.init(group.allGatherTexts(value), group: group)
    }

    /// Values that are known already.
    ///
    /// - Parameter values: Those of all ranks, in rank order, the same on every rank; nil where a rank has none,
    ///   which is no difference.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ values: [String?], group: any ProcessGroup) throws {
        self.values = values
        hosts = try group.allGatherTexts(HostName.current)
    }

    /// Throws, on every rank, unless all values are the same.
    ///
    /// - Parameters:
    ///   - problem: What is wrong if they are not.
    ///   - remedy: What to do about it.
    /// - Throws: `CollectiveFailure` that lists ranks, hosts and values.
    func requireSame(_ problem: String, remedy: String, exitCode: Int32 = ExitCode.wrongUse) throws {
        guard Set(values.compactMap(\.self)).count > 1 else { return }
        let reports = values.enumerated().compactMap { rank, value in
            value.map { RankReport(rank: rank, host: hosts[rank], message: $0) }
        }
        throw CollectiveFailure(
            message:
                "\(problem): \(remedy)\n\(RankReport.summary(of: reports, groupSize: values.count))",
            exitCode: exitCode)
    }
}
