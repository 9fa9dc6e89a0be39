internal import ProcessGroups
internal import Tensors

/// All-reduces the statistics of batch normalization over the ranks of a group: one small message a layer.
final class GroupReducer: StatisticsReducer {
    private let group: any ProcessGroup
    private let stopwatch: Stopwatch

    init(_ group: any ProcessGroup, stopwatch: Stopwatch) {
        (self.group, self.stopwatch) = (group, stopwatch)
    }

    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReduce(_ values: inout [Double]) throws {
        guard group.size > 1 else { return }
        try stopwatch.measure(.communication, named: "all-reduce of statistics") {
            try group.allReduce(&values)
        }
    }

    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReduce(_ values: inout [Double], during work: () throws -> Void) throws {
        guard group.size > 1 else { return try work() }
        try stopwatch.measure(.communication, named: "all-reduce of statistics") {
            try group.allReduce(&values) { try stopwatch.measure(.backward, work) }
        }
    }
}
