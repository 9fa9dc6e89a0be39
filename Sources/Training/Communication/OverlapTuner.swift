package import ProcessGroups

/// Finds the fastest overlap strategy in the first steps of a run, the same on every rank.
package final class OverlapTuner {
    private let group: any ProcessGroup
    private let now: () -> Double
    private var probe: OverlapProbe

    /// Told a line when the strategy has been chosen.
    package var report: ((String) -> Void)?

    /// - Parameters:
    ///   - group: The ranks.
    ///   - fixed: The strategy to use; nil: the fastest is to be found. Nothing overlaps in a group of one.
    ///   - now: Seconds since some moment.
    package init(
        _ group: any ProcessGroup, fixed: OverlapStrategy?,
        now: @escaping () -> Double = OverlapTuner.secondsOfSystem()
    ) {
        (self.group, self.now) = (group, now)
        probe = OverlapProbe(fixed: group.size == 1 ? OverlapStrategy.none : fixed)
    }

    /// The strategy that was chosen; nil while strategies are being tried.
    package var choice: OverlapStrategy? { probe.choice }

    /// Runs a step with the strategy whose turn it is, and settles on one once each was tried.
    ///
    /// - Parameters:
    ///   - isTrial: Whether the step's time counts; those of another kind than most do not.
    ///   - body: The step.
    /// - Throws: What the step and the group throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func step<Result>(
        isTrial: Bool, _ body: (OverlapStrategy) throws -> Result
    ) throws -> Result {
        let began = now()
        let result = try body(probe.next)
        if isTrial, probe.choice == nil {
            probe.note(now() - began)
            if probe.isComplete { try decide() }
        }
        return result
    }

    /// All ranks wait for the slowest one, so its seconds decide.
    private func decide() throws {
        let own = probe.bestSeconds
        let all = try group.allGather(own)
        let slowest = own.indices.map { strategy in
            stride(from: strategy, to: all.count, by: own.count).reduce(0) { max($0, all[$1]) }
        }
        probe.decide(slowest)
        report?(OverlapProbe.summary(slowest, choice: probe.choice))
    }

    /// A clock that starts now.
    package static func secondsOfSystem() -> () -> Double {
        let start = ContinuousClock.now
        return { (ContinuousClock.now - start).seconds }
    }
}
