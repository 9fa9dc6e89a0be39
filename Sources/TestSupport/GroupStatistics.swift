import ProcessGroups
import Tensors

/// All-reduces the statistics of synchronized batch normalization, for tests with several ranks.
public final class GroupStatistics: StatisticsReducer {
    private let group: any ProcessGroup

    /// How many numbers each all-reduce had.
    public private(set) var lengths: [Int] = []
    /// How many all-reduces there were.
    public var callCount: Int { lengths.count }

    /// All-reduces over the ranks of `group`.
    public init(_ group: any ProcessGroup) { self.group = group }

    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func allReduce(_ values: inout [Double]) throws {
        lengths.append(values.count)
        try group.allReduce(&values)
    }

    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func allReduce(_ values: inout [Double], during work: () throws -> Void) throws {
        lengths.append(values.count)
        try group.allReduce(&values, during: work)
    }
}
