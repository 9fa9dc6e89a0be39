/// Ranks of one host that run on the same cores.
package struct CoreShare: Sendable, Equatable {
    /// The name of the host.
    package let host: String

    /// The ranks, ascending.
    package private(set) var ranks: [Int]

    /// Numbers of the cores that at least one of them may use.
    package private(set) var cores: Set<Int>

    /// How many threads the ranks compute with together.
    package private(set) var threadCount: Int

    /// How many cores' worth of time the smallest of their control groups may use, where that is limited.
    package private(set) var processorQuota: Double?

    /// How many threads can run at once: the cores, or less where the control group is limited.
    package var capacity: Double { min(Double(cores.count), processorQuota ?? .infinity) }

    /// Whether the ranks have more threads than can run at once: each then waits for the others.
    package var isOvercommitted: Bool { Double(threadCount) > capacity }

    private init(rank: Int, _ placement: RankPlacement) {
        (host, ranks, cores) = (placement.host, [rank], Set(placement.cores))
        (threadCount, processorQuota) = (placement.threadCount, placement.processorQuota)
    }

    /// The shares of a job, in order of their lowest ranks: ranks belong together where they have a core in common.
    ///
    /// - Parameter placements: Those of all ranks, in rank order.
    package static func all(_ placements: [RankPlacement]) -> [CoreShare] {
        var shares: [CoreShare] = []
        for (rank, placement) in placements.enumerated() {
            var share = CoreShare(rank: rank, placement)
            for other in shares where other.overlaps(share) { share.join(other) }
            shares.removeAll { $0.overlaps(share) }
            shares.append(share)
        }
        return shares.sorted { $0.ranks[0] < $1.ranks[0] }
    }

    private func overlaps(_ other: CoreShare) -> Bool {
        host == other.host && !cores.isDisjoint(with: other.cores)
    }

    private mutating func join(_ other: CoreShare) {
        ranks = (ranks + other.ranks).sorted()
        cores.formUnion(other.cores)
        threadCount += other.threadCount
        processorQuota = [processorQuota, other.processorQuota].compactMap(\.self).min()
    }
}
