/// All-reduces of a few numbers, each waited for: statistics of batch normalization.
///
/// It is used from the thread that uses its group.
public protocol SmallAllReduce: AnyObject {
    /// Replaces each element by its sum over all ranks; the result has the same bits on every rank.
    ///
    /// - Parameter values: This rank's contribution, equally long on every rank; then the sums. May be empty.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReduce(_ values: inout [Double]) throws

    /// The same, beside work of this rank.
    ///
    /// - Parameters:
    ///   - values: This rank's contribution, equally long on every rank; then the sums. May be empty.
    ///   - work: Done while the values travel. Must call no collectives of the group.
    /// - Throws: `MPIError` if the communication fails; what the work throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReduce(_ values: inout [Double], during work: () throws -> Void) throws
}

/// All-reduces of a group's own.
final class PlainSmallAllReduce: SmallAllReduce {
    private let group: any ProcessGroup

    init(_ group: any ProcessGroup) { self.group = group }

    func allReduce(_ values: inout [Double]) throws { try group.allReduce(&values) }

    func allReduce(_ values: inout [Double], during work: () throws -> Void) throws {
        try group.allReduce(&values, during: work)
    }
}

extension ProcessGroup {
    /// The all-reduces of this group, over all ranks.
    public func makeSmallAllReduce(topology: AllReduceTopology) throws -> any SmallAllReduce {
        PlainSmallAllReduce(self)
    }

    /// All ranks: nothing travels in two levels.
    public func allReducePeers(_ topology: AllReduceTopology) throws -> Int { size }
}
