import Foundation

/// Why a collective of a `ThreadedGroup` could not take place.
public enum ThreadedGroupError: Error, Equatable, CustomStringConvertible {
    /// A rank has thrown or returned while another waited for it.
    case ended(rank: Int, call: String)
    /// The ranks called different things; each rank's call, in rank order.
    case mismatch(calls: [String])

    /// The rank and the calls concerned.
    public var description: String {
        switch self {
        case .ended(let rank, let call): "rank \(rank) has ended, and cannot take part in: \(call)"
        case .mismatch(let calls):
            "the ranks called different collectives: "
                + calls.enumerated().map { "rank \($0): \($1)" }.joined(separator: "; ")
        }
    }
}

/// The place where the threads of a `ThreadedGroup` exchange values.
final class Meeting: @unchecked Sendable {
    let size: Int

    private let condition = NSCondition()
    private var contributions: [Int: (call: String, values: any Sendable)] = [:]
    /// The rank that left first: the others left because of it, if they did.
    private var firstEnded: Int?
    /// The places of the group's duplicates, which end with it.
    private var siblings: [Meeting] = []

    /// How many exchanges are complete, and what the latest came to. It stays until all ranks have seen it,
    /// because the next one cannot complete without them.
    private var completed = 0
    private var latest: Result<[any Sendable], ThreadedGroupError> = .success([])

    init(size: Int) {
        self.size = size
    }

    /// Hands in this rank's values and waits for those of the others.
    ///
    /// - Parameters:
    ///   - values: What this rank hands in; as many as it likes.
    ///   - rank: Who hands in.
    ///   - call: What for; must be the same on every rank.
    /// - Returns: Every rank's values, in rank order.
    /// - Throws: `ThreadedGroupError`
    func exchange<E: Sendable>(_ values: [E], from rank: Int, call: String) throws -> [[E]] {
        try condition.withLock {
            let number = completed
            contributions[rank] = (call, values)
            if contributions.count == size { complete() }
            while completed == number {
                if let missing = firstEnded { throw ThreadedGroupError.ended(rank: missing, call: call) }
                condition.wait()
            }
            return try latest.get().compactMap { $0 as? [E] }
        }
    }

    /// Notes that a rank will not come any more, here or to the place of a duplicate.
    func end(_ rank: Int) {
        condition.withLock {
            if firstEnded == nil { firstEnded = rank }
            for sibling in siblings { sibling.end(rank) }
            condition.broadcast()
        }
    }

    /// Another place for the same ranks, or for some of them.
    func makeSibling(size: Int? = nil) -> Meeting {
        let sibling = Meeting(size: size ?? self.size)
        condition.withLock {
            siblings.append(sibling)
            if let firstEnded { sibling.end(firstEnded) }
        }
        return sibling
    }

    /// Settles the exchange to which all ranks have contributed, and wakes them.
    private func complete() {
        let inRankOrder = (0..<size).compactMap { contributions[$0] }
        let calls = inRankOrder.map(\.call)
        latest =
            Set(calls).count == 1
            ? .success(inRankOrder.map(\.values)) : .failure(.mismatch(calls: calls))
        contributions = [:]
        completed += 1
        condition.broadcast()
    }
}
