import Foundation
import ProcessGroups

extension ThreadedGroup {
    /// Runs `body` on `size` ranks at once and waits until all have ended.
    ///
    /// Swift Testing does not know to which test these threads belong: return values and expect outside.
    ///
    /// - Parameters:
    ///   - size: How many ranks.
    ///   - ranksPerHost: Ranks that are taken for one host's, as many as these one after the other; nil: all.
    ///   - body: What each rank does.
    /// - Returns: What each rank returned, in rank order.
    /// - Throws: The error of the lowest rank that failed by itself, not because another had ended.
    @discardableResult
    public static func run<Value: Sendable>(
        size: Int, ranksPerHost: Int? = nil, _ body: @escaping @Sendable (any ProcessGroup) throws -> Value
    ) throws -> [Value] {
        precondition(size > 0, "a group of \(size) ranks")
        let meeting = Meeting(size: size)
        let outcomes = Outcomes<Value>()
        for rank in 0..<size {
            let thread = Thread {
                let outcome = Result {
                    try body(
                        ThreadedGroup(rank: rank, meeting: meeting, ranksPerHost: ranksPerHost))
                }
                meeting.end(rank)
                outcomes.add(outcome, of: rank)
            }
            // As much as a main thread has: networks are run on these threads.
            thread.stackSize = 8 << 20
            thread.start()
        }
        let inRankOrder = outcomes.wait(for: size)
        let errors = inRankOrder.compactMap { outcome -> (any Error)? in
            if case .failure(let error) = outcome { error } else { nil }
        }
        if let cause = errors.first(where: { !isConsequence($0) }) ?? errors.first { throw cause }
        return try inRankOrder.map { try $0.get() }
    }

    /// Whether an error only says that another rank has ended.
    private static func isConsequence(_ error: any Error) -> Bool {
        if case .ended? = error as? ThreadedGroupError { true } else { false }
    }
}

/// What the ranks of one run came to.
private final class Outcomes<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var outcomes: [Int: Result<Value, any Error>] = [:]

    func add(_ outcome: Result<Value, any Error>, of rank: Int) {
        condition.withLock {
            outcomes[rank] = outcome
            condition.signal()
        }
    }

    /// Waits for all ranks; returns their outcomes in rank order.
    func wait(for size: Int) -> [Result<Value, any Error>] {
        condition.withLock {
            while outcomes.count < size { condition.wait() }
            return (0..<size).compactMap { outcomes[$0] }
        }
    }
}
