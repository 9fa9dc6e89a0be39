package import Hosts
internal import ProcessGroups

/// Whether ranks have the cores that their threads need.
package enum PlacementCheck {
    /// Throws, on every rank, where a rank is pinned to fewer cores than it has threads: each step then takes
    /// several times as long, and every rank waits for it.
    ///
    /// - Parameter placements: Those of all ranks, in rank order.
    /// - Throws: `CollectiveFailure` (64).
    package static func requireCores(_ placements: [RankPlacement]) throws {
        let reports = placements.enumerated().compactMap { rank, placement -> RankReport? in
            guard placement.isPinned, placement.cores.count < placement.threadCount else { return nil }
            return RankReport(
                rank: rank, host: placement.host,
                message:
                    "pinned to \(Units.count(placement.cores.count, "core")) of \(placement.hostCoreCount), computes with \(Units.count(placement.threadCount, "thread"))"
            )
        }
        guard !reports.isEmpty else { return }
        throw CollectiveFailure(
            message:
                "a rank has fewer cores than threads: start with launch/local.sh or mpirun --bind-to none, or set OMP_NUM_THREADS to the cores of a rank\n"
                + RankReport.summary(of: reports, groupSize: max(placements.count, 2)),
            exitCode: ExitCode.wrongUse)
    }

    /// A line for each host where ranks have more threads together than can run at once.
    ///
    /// - Parameter placements: Those of all ranks, in rank order.
    package static func notices(_ placements: [RankPlacement]) -> [String] {
        CoreShare.all(placements).filter(\.isOvercommitted).map { share in
            let cores =
                share.capacity < Double(share.cores.count)
                ? "the \(Float(share.capacity)) cores that their control group grants"
                : Units.count(share.cores.count, "core")
            return
                "notice: host \(share.host): \(Units.count(share.ranks.count, "rank")) with \(Units.count(share.threadCount, "thread")) together on \(cores); fewer ranks or a smaller OMP_NUM_THREADS would be faster"
        }
    }
}
