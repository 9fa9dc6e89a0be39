internal import ProcessGroups
internal import Tensors

/// All-reduces the statistics of batch normalization over the ranks of a group: one small message a layer.
final class GroupReducer: StatisticsReducer {
    private let group: any ProcessGroup
    private let reduction: any SmallAllReduce
    private let stopwatch: Stopwatch

    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ group: any ProcessGroup, topology: AllReduceTopology, stopwatch: Stopwatch) throws {
        (self.group, self.stopwatch) = (group, stopwatch)
        reduction = try group.makeSmallAllReduce(topology: topology)
    }

    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReduce(_ values: inout [Double]) throws {
        guard group.size > 1 else { return }
        try stopwatch.measure(.communication, named: "all-reduce of statistics") {
            try reduction.allReduce(&values)
        }
    }

    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReduce(_ values: inout [Double], during work: () throws -> Void) throws {
        guard group.size > 1 else { return try work() }
        try stopwatch.measure(.communication, named: "all-reduce of statistics") {
            try reduction.allReduce(&values) { try stopwatch.measure(.backward, work) }
        }
    }
}
