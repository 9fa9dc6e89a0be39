import Comparisons
import Testing

struct PairedDifferenceTests {
    /// A table small enough to follow, against numpy and scipy.
    @Test func theNumbersAreThoseOfTheReference() throws {
        let difference = PairedDifference([
            [1, 0, 0, -1, 1, 0, 1, 0], [1, 1, 0, 0, 0, 0, 1, 0], [0, 1, 0, -1, 1, 0, 1, 1],
        ])
        let near = { (a: Double, b: Double) in abs(a - b) <= 1e-9 * max(1, abs(b)) }
        #expect(near(difference.difference, 1.0 / 3))
        #expect(near(difference.standardError, 0.1889822365046136))
        #expect(near(difference.seedShare, 0.04635761589403974))
        #expect(near(try #require(difference.pValue), 0.08947400216020127))
        #expect(near(difference.criticalValue(0.05), 2.0685654495497623))
        let interval = difference.interval(level: 0.95)
        #expect(near(interval.lowerBound, -0.057588791678752194))
        #expect(near(interval.upperBound, 0.7242554583454188))
        #expect(near(difference.detectable(comparisonCount: 3), 0.6572010196611865))
    }

    @Test func withoutVariationThereIsNoTest() {
        let none = PairedDifference([[0, 0, 0], [0, 0, 0]])
        #expect(none.pValue == 1 && none.difference == 0)
        let same = PairedDifference([[1, 1, 1], [1, 1, 1], [1, 1, 1]])
        #expect(same.pValue == nil)
        #expect(Verdict(same, adjusted: same.pValue, margin: 0.005) == .noVariation)
    }

    /// A and B exchanged: the same but for the sign.
    @Test func signsAreSymmetric() throws {
        let rows: [[Double]] = [[1, 0, 1, 1], [0, 0, 1, -1], [1, 1, 1, 0]]
        let (one, other) = (PairedDifference(rows), PairedDifference(rows.map { $0.map { -$0 } }))
        #expect(one.difference == -other.difference && one.standardError == other.standardError)
        #expect(one.pValue == other.pValue)
    }

    @Test func holmAdjusts() {
        // R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
        let adjusted = HolmAdjustment.adjusted([0.01, 0.04, 0.03, 0.005]).map { $0 ?? .nan }
        for (found, expected) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) {
            #expect(abs(found - expected) < 1e-12)
        }
        // Those that were planned and never made count, and have no value.
        let planned = HolmAdjustment.adjusted([0.01, nil], comparisonCount: 5)
        #expect(planned == [0.05, nil])
        #expect(HolmAdjustment.adjusted([0.9, 0.8]) == [1, 1])
    }

    /// Verdicts in words, of differences of known size.
    @Test func verdictsInWords() {
        let say = { (center: Double, spread: Double, seeds: Int, adjusted: Double?) -> String in
            let rows = (0..<seeds).map { seed -> [Double] in
                (0..<100).map { picture -> Double in
                    let place = Double((seed * 37 + picture * 11) % 7)
                    return center + spread * (place / 3 - 1)
                }
            }
            let difference = PairedDifference(rows)
            let verdict = Verdict(difference, adjusted: adjusted, margin: 0.005)
            return verdict.words("bss", against: "fine-tune", difference, comparisonCount: 5)
        }
        #expect(say(0.05, 0.01, 5, 0.01).hasPrefix("bss beats fine-tune by 5.0 ("))
        #expect(say(-0.05, 0.01, 5, 0.01).hasPrefix("fine-tune beats bss by 5.0 ("))
        #expect(
            say(0.005, 0.01, 5, 0.01).hasPrefix("bss beats fine-tune, perhaps by too little to matter ("))
        #expect(say(0, 0.001, 5, 0.9) == "practically equal")
        #expect(say(0.02, 0.3, 5, 0.4).hasPrefix("no difference beyond chance; plausible "))
        #expect(say(0.02, 0.3, 2, 0.4) == "few seeds")
    }
}
