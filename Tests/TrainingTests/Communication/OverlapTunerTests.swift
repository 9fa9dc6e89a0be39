import ProcessGroups
import TestSupport
import Testing
import Training

/// How the ranks find one overlap strategy together.
@Suite struct OverlapTunerTests {
    private struct Course: Sendable, Equatable {
        var choice: OverlapStrategy?
        var reports: [String] = []
        /// Steps until there was a choice.
        var steps = 0
    }

    /// Runs steps that take each rank as long as `seconds` says until a strategy is chosen.
    private func courses(
        _ seconds: [[Double]], fixed: OverlapStrategy? = nil, isTrial: Bool = true
    ) throws -> [Course] {
        try ThreadedGroup.run(size: seconds.count) { group in
            var (clock, course) = (0.0, Course())
            let tuner = OverlapTuner(group, fixed: fixed) { clock }
            tuner.report = { course.reports.append($0) }
            while tuner.choice == nil, course.steps < 20 {
                try tuner.step(isTrial: isTrial) { strategy in
                    course.steps += 1
                    let index = OverlapStrategy.allCases.firstIndex(of: strategy) ?? 0
                    clock += seconds[group.rank][index]
                }
            }
            course.choice = tuner.choice
            return course
        }
    }

    /// In order: none, polling, thread.
    @Test func theSlowestRankDecidesForAll() throws {
        let found = try courses([[1, 0.5, 0.9], [1, 2, 0.8]])
        #expect(found.map(\.choice) == [.thread, .thread])
        let steps = OverlapProbe.warmUpSteps + OverlapProbe.rounds * 3
        #expect(found.map(\.steps) == [steps, steps])
        let line =
            "overlap strategy: thread (seconds of a step: none 1.000 s, polling 2.000 s, thread 0.900 s)"
        #expect(found.map(\.reports) == [[line], [line]])
    }

    @Test func stepsOfAnotherKindDoNotCount() throws {
        #expect(try courses([[1, 0.5, 0.9]], isTrial: false).map(\.choice) == [OverlapStrategy.none])
        #expect(try courses([[1, 0.5, 0.9], [1, 0.5, 0.9]], isTrial: false).map(\.choice) == [nil, nil])
    }

    @Test func aGivenStrategyIsUsedFromTheFirstStep() throws {
        let found = try courses([[1, 1, 1], [1, 1, 1]], fixed: .polling)
        #expect(found == [Course(choice: .polling), Course(choice: .polling)])
    }

    @Test func nothingOverlapsInAGroupOfOne() throws {
        #expect(try courses([[1, 0.1, 0.1]], fixed: .thread) == [Course(choice: OverlapStrategy.none)])
    }
}
