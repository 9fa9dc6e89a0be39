internal import Foundation

/// What steps wait for: a rank that is slower than the others, or something that all of them wait for.
package enum StepWait: Sendable, Equatable, CustomStringConvertible {
    /// The others wait for this rank, whose part of a step is so much longer than is usual among the ranks.
    case rank(Int, StepSeconds.Part)
    /// Every rank spends this share of a step on it, and computes nothing meanwhile.
    case all(StepSeconds.Part, share: Double)

    /// A rank counts as slow when it works for longer than the middle one by this share of a step.
    private static let muchSlower = 0.05
    /// What every rank waits for is spoken of from this share of a step on.
    private static let muchWaiting = 0.2

    /// What the steps wait for; nil where ranks are even and compute most of the time.
    ///
    /// All ranks take equally long for a step, since each waits in its all-reduces until the slowest comes: that one
    /// waits least there, and what its all-reduces take is what the network needs.
    ///
    /// - Parameter ranks: Seconds of some steps together, of each rank; at least one.
    package init?(among ranks: [StepSeconds]) {
        let works = ranks.map { $0.total - $0.communication }
        guard let slowest = works.indices.max(by: { works[$0] < works[$1] }) else { return nil }
        let own = ranks[slowest]
        guard own.total > 0 else { return nil }
        if works[slowest] - Self.middle(works) >= Self.muchSlower * own.total {
            let excess = { (part: StepSeconds.Part) in own[part] - Self.middle(ranks.map { $0[part] }) }
            let parts = StepSeconds.Part.allCases.filter { $0 != .communication }
            self = .rank(slowest, parts.max { excess($0) < excess($1) } ?? .data)
            return
        }
        let part: StepSeconds.Part = own.data > own.communication ? .data : .communication
        guard own[part] >= Self.muchWaiting * own.total else { return nil }
        self = .all(part, share: own[part] / own.total)
    }

    /// The middle one, the smaller of two: of two ranks the slow one is not what is usual.
    private static func middle(_ values: [Double]) -> Double { values.sorted()[(values.count - 1) / 2] }

    /// For example `rank 3 is slowest: backward`, or `34 % waiting for images`.
    package var description: String {
        switch self {
        case .rank(let rank, let part): "rank \(rank) is slowest: \(Self.name(part))"
        case .all(.communication, let share): String(format: "%.0f %% communication", share * 100)
        case .all(let part, let share): String(format: "%.0f %% waiting for %@", share * 100, Self.name(part))
        }
    }

    private static func name(_ part: StepSeconds.Part) -> String {
        part == .data ? "images" : part.rawValue
    }
}

/// Seconds of a rank's steps since the ranks last told each other.
struct RankLoad {
    /// The ranks tell each other in every so many steps, in the all-reduce of the totals that each step has.
    private static let stepsBetween = 10
    private var sum = StepSeconds.zero

    /// Adds a step.
    mutating func add(_ seconds: StepSeconds) {
        for part in StepSeconds.Part.allCases { sum[part] += seconds[part] }
    }

    /// What to tell the others in a step; nil in most. The same steps on every rank.
    ///
    /// - Parameter number: The step, counted from 1 in the whole run.
    mutating func taken(inStep number: Int) -> StepSeconds? {
        guard number % Self.stepsBetween == 0 else { return nil }
        defer { sum = .zero }
        return sum
    }
}
