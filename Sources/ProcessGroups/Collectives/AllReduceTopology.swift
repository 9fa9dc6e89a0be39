/// Between whom the all-reduce of gradients sends.
public enum AllReduceTopology: String, Sendable, CaseIterable {
    /// In two levels exactly where there are several hosts and one of them has several ranks, else flat. Never
    /// chosen by speed, so that the bits of a result do not depend on timing.
    case auto
    /// Every rank sends to every other. A host with L ranks sends L times the bytes that it must.
    case flat
    /// Within a host through shared memory, between hosts in lanes: each of P ranks of a host, P being the fewest
    /// ranks of a host, exchanges its part of the buffer with the rank of the same place on each other host. A host of H
    /// sends 2(H−1)/H of the buffer's bytes, whatever the ranks it has.
    ///
    /// A host's contributions are added in rank order in 64 bits and rounded once to the wire format, the sums of
    /// hosts then in the order of the hosts' first ranks, in 64 bits again. Two runs with the same ranks on the same
    /// hosts have the same bits; with the ranks elsewhere, or flat, they differ by rounding.
    case twoLevel = "two-level"
}

/// What an all-reduce came to.
public enum AllReduceLevels: Sendable, Equatable, CustomStringConvertible {
    /// Over all ranks at once.
    case flat
    /// In two levels.
    ///
    /// - Parameters:
    ///   - hosts: How many there are.
    ///   - lanes: Ranks of each host that send to other hosts.
    case twoLevel(hosts: Int, lanes: Int)
    /// Over all ranks, although two levels were meant: shared memory could not be had on the host of this rank, for
    /// this reason.
    case withoutSharedMemory(rank: Int, reason: String)

    /// For example `all-reduce in two levels: 2 hosts, 4 ranks of each send`.
    public var description: String {
        switch self {
        case .flat: "all-reduce over all ranks"
        case .twoLevel(let hosts, let lanes):
            "all-reduce in two levels: \(hosts) host\(hosts == 1 ? "" : "s"), "
                + (lanes == 1 ? "1 rank of each sends" : "\(lanes) ranks of each send")
        case .withoutSharedMemory(let rank, let reason):
            "notice: all-reduce over all ranks and not in two levels, since the host of rank \(rank) gives no shared "
                + "memory (\(reason)); make /dev/shm larger, in a container by --shm-size"
        }
    }
}

/// Several all-reduces of one kind, which may be under way at once.
public struct BackgroundAllReduces {
    /// Each serves one buffer at a time.
    public let reductions: [any BackgroundAllReduce]
    /// What they came to; the same on every rank.
    public let levels: AllReduceLevels

    /// Takes what a group has made.
    public init(_ reductions: [any BackgroundAllReduce], levels: AllReduceLevels) {
        (self.reductions, self.levels) = (reductions, levels)
    }
}
