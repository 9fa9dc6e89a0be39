import TestSupport
import Testing
import Training

/// The learning rate of each step, by hand.
@Suite struct LearningRateScheduleTests {
    private func factors(
        _ course: LearningRateSchedule.Course, warmUpSteps: Int = 0, stepsPerEpoch: Int = 2, epochs: Int = 4
    ) -> [Double] {
        let schedule = LearningRateSchedule(
            course, warmUpSteps: warmUpSteps, stepsPerEpoch: stepsPerEpoch, epochs: epochs)
        return (0..<stepsPerEpoch * epochs).map(schedule.factor(step:))
    }

    @Test func constantStaysConstant() {
        #expect(factors(.constant) == [1, 1, 1, 1, 1, 1, 1, 1])
    }

    @Test func warmUpRisesFromItsFirstPart() {
        #expect(factors(.constant, warmUpSteps: 4) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1])
    }

    @Test func multiStepFallsAtTheStartOfItsEpochs() {
        let expected = [1, 1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01]
        #expect(
            mismatch(factors(.multiStep(milestones: [1, 3], gamma: 0.1)), expected, relative: 1e-12) == nil)
    }

    @Test func cosineFallsFromOneTowardsZero() {
        let found = factors(.cosine)
        // cos 45° = √½
        #expect(found[0] == 1 && abs(found[4] - 0.5) < 1e-12)
        #expect(abs(found[2] - (1 + 0.5.squareRoot()) / 2) < 1e-12)
        #expect(abs(found[7] - 0.038060233744356624) < 1e-12)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0 > $1 })
    }

    @Test func warmUpAndCourseMultiply() {
        let (plain, warm) = (factors(.cosine), factors(.cosine, warmUpSteps: 2))
        #expect(abs(warm[0] - 0.5) < 1e-12 && Array(warm[1...]) == Array(plain[1...]))
    }
}
