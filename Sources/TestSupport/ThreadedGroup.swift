import Foundation
import ProcessGroups

/// Ranks as threads of one process, for tests of what several ranks do together.
///
/// As with MPI, ranks share nothing but what they send. Unlike MPI, a rank that ends, whether it throws or
/// returns, makes the collectives that wait for it throw, and so does a mismatch of calls.
public final class ThreadedGroup: ProcessGroup {
    /// This thread's place in the group.
    public let rank: Int

    /// How many ranks the group has.
    public var size: Int { meeting.size }

    private let meeting: Meeting
    /// Ranks that are taken for one host's, as many as these one after the other; nil: all.
    private let ranksPerHost: Int?

    init(rank: Int, meeting: Meeting, ranksPerHost: Int? = nil) {
        (self.rank, self.meeting, self.ranksPerHost) = (rank, meeting, ranksPerHost)
    }

    /// All-reduce: replaces each element by its sum over all ranks, added in rank order.
    ///
    /// - Parameter buffer: This rank's contribution, equally long on every rank; then the sums.
    /// - Throws: `ThreadedGroupError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func allReduce<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>) throws {
        let all = try meeting.exchange(
            Array(buffer), from: rank, call: "all-reduce of \(buffer.count) \(E.self)")
        for index in buffer.indices {
            var total = all[0][index]
            for values in all.dropFirst() { total = E.transmittedSum(total, values[index]) }
            buffer[index] = total
        }
    }

    /// Broadcast: replaces the contents of every rank's buffer by those of the root's.
    ///
    /// - Parameters:
    ///   - buffer: Equally long on every rank; read on the root, written on the others.
    ///   - root: The rank that sends.
    /// - Throws: `ThreadedGroupError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func broadcast<E: Transmissible>(
        _ buffer: UnsafeMutableBufferPointer<E>, from root: Int
    ) throws {
        precondition(0..<size ~= root, "broadcast from rank \(root) in a group of \(size)")
        let all = try meeting.exchange(
            rank == root ? Array(buffer) : [], from: rank,
            call: "broadcast of \(buffer.count) \(E.self) from rank \(root)")
        _ = buffer.update(fromContentsOf: all[root])
    }

    /// All-gather: the values of all ranks in rank order.
    ///
    /// - Parameter values: This rank's values; how many may differ between ranks, and may be none.
    /// - Returns: The values of rank 0, then those of rank 1, and so on.
    /// - Throws: `ThreadedGroupError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func allGather<E: Transmissible>(_ values: [E]) throws -> [E] {
        try meeting.exchange(values, from: rank, call: "all-gather of \(E.self)").flatMap { $0 }
    }

    /// Barrier: returns once every rank has called it.
    ///
    /// - Throws: `ThreadedGroupError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func barrier() throws {
        _ = try meeting.exchange([UInt8](), from: rank, call: "barrier")
    }

    /// A group of the same ranks that meet in a place of their own, for another thread of each rank.
    ///
    /// - Throws: `ThreadedGroupError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func duplicate() throws -> any ProcessGroup {
        let place = rank == 0 ? [meeting.makeSibling()] : []
        let places = try meeting.exchange(place, from: rank, call: "duplicate")
        return ThreadedGroup(rank: rank, meeting: places[0][0])
    }

    /// The ranks of this one's host, which meet in a place of their own.
    ///
    /// - Throws: `ThreadedGroupError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func splitByHost() throws -> any ProcessGroup {
        guard let ranksPerHost else { return try duplicate() }
        let place = rank % ranksPerHost
        let own = place == 0 ? [meeting.makeSibling(size: min(ranksPerHost, size - rank))] : []
        let places = try meeting.exchange(own, from: rank, call: "split by host")
        return ThreadedGroup(rank: place, meeting: places[rank - place][0])
    }

    /// The ranks with the same color, which meet in a place of their own.
    ///
    /// - Parameter color: Any number.
    /// - Throws: `ThreadedGroupError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func split(color: Int) throws -> any ProcessGroup {
        let colors = try meeting.exchange([color], from: rank, call: "split").map { $0[0] }
        let members = colors.indices.filter { colors[$0] == color }
        // The first of each makes the place.
        let place = rank == members[0] ? [meeting.makeSibling(size: members.count)] : []
        let places = try meeting.exchange(place, from: rank, call: "place of a part")
        return ThreadedGroup(rank: members.firstIndex(of: rank) ?? 0, meeting: places[members[0]][0])
    }
}
