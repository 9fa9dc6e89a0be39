internal import Foundation

/// Where a rank runs: its host, the cores that it may use there, and the threads that it computes with.
package struct RankPlacement: Sendable, Equatable, Codable {
    /// The name of the host.
    package let host: String

    /// Numbers of the cores that the system lets this rank run on, ascending; fewer than the host has where the
    /// rank is pinned. A hardware thread counts as a core.
    package let cores: [Int]

    /// How many cores of the host are in use by the system, whoever may run on them.
    package let hostCoreCount: Int

    /// How many cores' worth of time the rank's control group may use, where that is limited: a container of
    /// 1.5 processors has 1.5 here though it sees every core.
    package let processorQuota: Double?

    /// How many threads this rank computes with.
    package let threadCount: Int

    /// Whether the rank may run on a part of the host's cores only, as after `mpirun --bind-to core`.
    package var isPinned: Bool { cores.count < hostCoreCount }

    /// A placement with the given values.
    ///
    /// - Parameters:
    ///   - host: Name of the host.
    ///   - cores: Numbers of the cores that the rank may use, ascending.
    ///   - hostCoreCount: Cores of the host.
    ///   - processorQuota: Cores' worth of time, nil where there is no limit.
    ///   - threadCount: Threads that the rank computes with.
    package init(host: String, cores: [Int], hostCoreCount: Int, processorQuota: Double?, threadCount: Int) {
        (self.host, self.cores, self.hostCoreCount) = (host, cores, hostCoreCount)
        (self.processorQuota, self.threadCount) = (processorQuota, threadCount)
    }

    /// Where this process runs.
    ///
    /// The cores are those of the calling thread. Ask before the first computation: with `OMP_PROC_BIND` set, the
    /// OpenMP library pins the thread itself from then on.
    ///
    /// - Parameter threadCount: How many threads this process computes with.
    package static func current(threadCount: Int) -> RankPlacement {
        let hostCoreCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let cores = AllowedCores.ofThisThread()
        return RankPlacement(
            host: HostName.current, cores: cores.isEmpty ? Array(0..<hostCoreCount) : cores,
            hostCoreCount: hostCoreCount, processorQuota: ProcessorQuota.current(), threadCount: threadCount)
    }
}
