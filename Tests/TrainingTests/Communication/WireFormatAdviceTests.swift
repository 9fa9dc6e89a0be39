import Testing
import Training

/// When a run tells that gradients should travel in fewer bytes.
@Suite struct WireFormatAdviceTests {
    /// What is said in so many steps of a second.
    private func lines(communication: Double, steps: Int) -> [String] {
        var advice = WireFormatAdvice()
        return (0..<steps).compactMap { _ in
            advice.note(
                StepSeconds(
                    data: 0, forward: 0.3, backward: 0.7 - communication, communication: communication,
                    optimizer: 0))
        }
    }

    @Test func communicationThatShowsIsSaidOnce() {
        let lines = lines(communication: 0.25, steps: 100)
        #expect(lines.count == 1)
        #expect(lines[0].hasPrefix("25 % of a step is communication"))
        #expect(lines[0].contains("communication.wire-format: bfloat16"))
    }

    @Test func communicationThatIsHiddenIsNot() { #expect(lines(communication: 0.1, steps: 100).isEmpty) }

    @Test func theFirstStepsDoNotCount() {
        #expect(
            lines(communication: 0.5, steps: 19).isEmpty && lines(communication: 0.5, steps: 20).count == 1)
    }
}
