import Testing
import Training

/// How a run finds the fastest overlap strategy.
@Suite struct OverlapProbeTests {
    /// Runs steps that take as long as `seconds` says until the trials are over.
    private func probe(_ seconds: (OverlapStrategy) -> Double) -> (OverlapProbe, [OverlapStrategy]) {
        var probe = OverlapProbe(fixed: nil)
        var strategies: [OverlapStrategy] = []
        while !probe.isComplete, strategies.count < 100 {
            let strategy = probe.next
            strategies.append(strategy)
            // The first steps are slow for reasons of their own.
            probe.note(strategies.count <= OverlapProbe.warmUpSteps ? 10 : seconds(strategy))
        }
        return (probe, strategies)
    }

    @Test func everyStrategyIsTriedEquallyOftenAfterTheWarmUp() {
        let (probe, strategies) = probe { _ in 1 }
        #expect(strategies.prefix(OverlapProbe.warmUpSteps).allSatisfy { $0 == .none })
        for strategy in OverlapStrategy.allCases {
            #expect(
                strategies.dropFirst(OverlapProbe.warmUpSteps).count { $0 == strategy } == OverlapProbe.rounds
            )
        }
        #expect(probe.choice == nil && probe.bestSeconds == [1, 1, 1])
    }

    @Test(arguments: [
        ([3.0, 2.0, 1.0], OverlapStrategy.thread), ([3, 1, 2], .polling), ([1, 2, 3], .none),
        // What saves less than a hundredth is noise.
        ([1, 0.995, 0.992], .none),
    ])
    func theFastestIsTaken(seconds: [Double], expected: OverlapStrategy) {
        var (probe, _) = probe { strategy in
            zip(OverlapStrategy.allCases, seconds).first { $0.0 == strategy }?.1 ?? 0
        }
        #expect(probe.bestSeconds == seconds)
        probe.decide(probe.bestSeconds)
        #expect(probe.choice == expected && probe.next == expected)
    }

    @Test func aGivenStrategyIsNotQuestioned() {
        var probe = OverlapProbe(fixed: .polling)
        for _ in 0..<20 { probe.note(1) }
        #expect(probe.choice == .polling && probe.next == .polling && !probe.isComplete)
    }
}
