internal import Hosts
package import ProcessGroups

/// What each rank answered to a question to which all should have the same answer.
package struct RankAnswers {
    private let answers: [String?]
    private let hosts: [String]

    /// Gathers the answers.
    ///
    /// - Parameter answer: This rank's.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ answer: String, group: any ProcessGroup) throws {
        try self.init(group.allGatherTexts(answer), group: group)
    }

    /// Takes answers that are known already.
    ///
    /// - Parameter answers: Those of all ranks, in rank order, the same on every rank; nil where a rank has none,
    ///   which is no difference.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ answers: [String?], group: any ProcessGroup) throws {
        self.answers = answers
        hosts = try group.allGatherTexts(HostName.current)
    }

    /// Throws, on every rank, unless all answers are the same.
    ///
    /// - Parameters:
    ///   - problem: What is wrong if they are not.
    ///   - remedy: What to do about it.
    /// - Throws: `CollectiveFailure` that lists ranks, hosts and answers.
    package func requireSame(_ problem: String, remedy: String, exitCode: Int32 = ExitCode.wrongUse) throws {
        guard Set(answers.compactMap(\.self)).count > 1 else { return }
        let reports = answers.enumerated().compactMap { rank, answer in
            answer.map { RankReport(rank: rank, host: hosts[rank], message: $0) }
        }
        throw CollectiveFailure(
            message:
                "\(problem): \(remedy)\n\(RankReport.summary(of: reports, groupSize: answers.count))",
            exitCode: exitCode)
    }
}
