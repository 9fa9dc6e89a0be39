internal import Foundation

/// What the environment says about how this process was started; each process has its own.
package struct LaunchEnvironment: Sendable, Equatable {
    /// The variable that only a launcher sets, if there is one.
    package let evidence: String?

    /// How many ranks the launcher says that it started, if it says so.
    package let size: Int?

    /// Which of them this process is, if the launcher says so.
    package let rank: Int?

    /// Whether an MPI launcher started this process.
    package var isLaunched: Bool { evidence != nil }

    /// What the given environment says.
    ///
    /// - Parameter variables: Names and values; by default those of this process.
    package init(variables: [String: String] = ProcessInfo.processInfo.environment) {
        func number(_ names: [String]) -> Int? {
            names.lazy.compactMap { variables[$0].flatMap { Int($0) } }.first
        }
        evidence = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"].first { variables[$0] != nil }
        size = number(["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])
        rank = number(["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"])
    }
}
