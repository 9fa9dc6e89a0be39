internal import Foundation

/// How the sums of gradients over the ranks go on while the backward pass computes.
///
/// MPI moves data only while one of its functions runs. Which way is fastest depends on the network, and on
/// whether a core is left over; the bits of the result are the same with all three.
public enum OverlapStrategy: String, Sendable, CaseIterable {
    /// Not at all: all sums follow the backward pass.
    case none
    /// The thread that computes looks after them whenever a gradient is complete.
    case polling
    /// A thread of its own looks after them, and sleeps in between.
    case thread
}

/// Chooses between the ways of `OverlapStrategy` by trying each in real steps at the start of a run.
///
/// Since the way does not touch the result, the trial is part of the training and costs nothing but the
/// difference in time.
package struct OverlapProbe {
    /// Steps before the first trial: they compile primitives and fill the pool of memory.
    package static let warmUpSteps = 2
    /// Trials of each way; the best of them counts, because disturbances only lengthen a step.
    package static let rounds = 2
    /// A way must save this share of a step, or there is none.
    static let smallestGain = 0.01

    private var seconds = [[Double]](repeating: [], count: OverlapStrategy.allCases.count)
    private var warmedUp = 0
    /// The way that was found, or given; nil as long as trials go on.
    package private(set) var choice: OverlapStrategy?

    /// - Parameter fixed: The way to go; nil: the fastest is to be found.
    package init(fixed: OverlapStrategy?) { choice = fixed }

    /// The way for the next step.
    package var next: OverlapStrategy {
        if let choice { return choice }
        guard warmedUp == Self.warmUpSteps else { return .none }
        return OverlapStrategy.allCases[trials % OverlapStrategy.allCases.count]
    }

    private var trials: Int { seconds.reduce(0) { $0 + $1.count } }

    /// Whether the trials are over, and `decide` has everything.
    package var isComplete: Bool { trials == Self.rounds * OverlapStrategy.allCases.count }

    /// Notes how long a step took.
    package mutating func note(_ stepSeconds: Double) {
        guard choice == nil, !isComplete else { return }
        guard warmedUp == Self.warmUpSteps else {
            warmedUp += 1
            return
        }
        seconds[trials % seconds.count].append(stepSeconds)
    }

    /// The best time of each way on this rank.
    package var bestSeconds: [Double] { seconds.map { $0.min() ?? 0 } }

    /// For example `overlap strategy: thread (seconds of a step: none 2.134 s, polling …)`.
    static func summary(_ seconds: [Double], choice: OverlapStrategy?) -> String {
        let trials = zip(OverlapStrategy.allCases, seconds).map {
            "\($0.rawValue) \(String(format: "%.3f s", $1))"
        }
        return "overlap strategy: \(choice?.rawValue ?? "") "
            + "(seconds of a step: \(trials.joined(separator: ", ")))"
    }

    /// Settles on the fastest way.
    ///
    /// - Parameter seconds: The best time of each way on the slowest rank.
    package mutating func decide(_ seconds: [Double]) {
        let ways = OverlapStrategy.allCases
        let fastest = ways.indices.min { seconds[$0] < seconds[$1] } ?? 0
        choice = seconds[fastest] < seconds[0] * (1 - Self.smallestGain) ? ways[fastest] : ways[0]
    }
}
