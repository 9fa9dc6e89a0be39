internal import Foundation

/// Compares the overlap strategies by the seconds of real steps at the start of a run.
///
/// Since the strategy does not change the result, the trials are part of the training and cost nothing but the
/// difference in time. This is the arithmetic of one rank; `OverlapTuner` brings the ranks together.
package struct OverlapProbe {
    /// Steps before the first trial: they compile primitives and fill the pool of memory.
    package static let warmUpSteps = 2
    /// Trials of each strategy; the fastest of them counts, because disturbances only lengthen a step.
    package static let rounds = 2
    /// A strategy must save this share of a step, or there is no overlap.
    static let smallestGain = 0.01

    private var seconds = [[Double]](repeating: [], count: OverlapStrategy.allCases.count)
    private var warmedUp = 0
    /// The strategy that was found, or given; nil while trials go on.
    package private(set) var choice: OverlapStrategy?

    /// - Parameter fixed: The strategy to use; nil: the fastest is to be found.
    package init(fixed: OverlapStrategy?) { choice = fixed }

    /// The strategy for the next step.
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

    /// The fastest step with each strategy on this rank.
    package var bestSeconds: [Double] { seconds.map { $0.min() ?? 0 } }

    /// For example `overlap strategy: thread (seconds of a step: none 2.134 s, polling …)`.
    static func summary(_ seconds: [Double], choice: OverlapStrategy?) -> String {
        let trials = zip(OverlapStrategy.allCases, seconds).map {
            "\($0.rawValue) \(String(format: "%.3f s", $1))"
        }
        return "overlap strategy: \(choice?.rawValue ?? "") "
            + "(seconds of a step: \(trials.joined(separator: ", ")))"
    }

    /// Settles on the fastest strategy.
    ///
    /// - Parameter seconds: The seconds of a step with each strategy on the slowest rank.
    package mutating func decide(_ seconds: [Double]) {
        let strategies = OverlapStrategy.allCases
        let fastest = strategies.indices.min { seconds[$0] < seconds[$1] } ?? 0
        choice =
            seconds[fastest] < seconds[0] * (1 - Self.smallestGain) ? strategies[fastest] : strategies[0]
    }
}
