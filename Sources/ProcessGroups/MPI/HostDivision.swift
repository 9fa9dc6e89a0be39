internal import CMPI

/// How the ranks of a group lie on hosts.
///
/// Hosts are numbered in the order of their first ranks. Rank l of each host, where every host has one, is in lane l.
struct HostDivision {
    /// The ranks of this rank's host; what it makes belongs to this.
    let local: MPIGroup
    /// The rank at this one's place on each host, in the order of hosts; nil where a host has none there.
    let lane: MPIGroup?
    /// The number of hosts, and the fewest ranks of one.
    let (hosts, lanes): (Int, Int)

    /// Whether a topology comes to two levels.
    func isTwoLevel(_ topology: AllReduceTopology) -> Bool {
        switch topology {
        case .auto: hosts > 1 && mostRanks > 1
        case .flat: false
        case .twoLevel: true
        }
    }

    /// The most ranks of a host.
    private let mostRanks: Int

    /// Asks all ranks.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ group: MPIGroup) throws {
        let local = try group.makeHostGroup()
        var first = [Int64(group.rank)]
        try local.broadcast(&first, from: 0)
        // First rank of its host, and how many ranks that has, for each rank.
        let firsts = try group.allGather(first).map { Int($0) }
        let sizes = try group.allGather([Int64(local.size)]).map { Int($0) }
        let lanes = sizes.min() ?? 1
        let laneCommunicator = try group.communicator.split(color: local.rank < lanes ? local.rank : nil)
        (self.local, lane) = (local, try laneCommunicator.map { try group.adopt($0) })
        (self.lanes, mostRanks, hosts) = (lanes, sizes.max() ?? 1, Set(firsts).count)
    }
}
