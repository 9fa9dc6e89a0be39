internal import Foundation
import Testing
import Training

/// By what the best model is chosen.
@Suite struct BestMeasureTests {
    /// An evaluation, which only a trainer makes: it is read.
    private static func evaluation(_ accuracy: Double, _ mean: Double, _ loss: Double) throws -> Evaluation {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let text = """
            {"accuracy": \(accuracy), "meanClassAccuracy": \(mean), "count": 4,
             "loss": \(loss.isFinite ? "\(loss)" : "\"\(loss)\"")}
            """
        return try decoder.decode(Evaluation.self, from: Data(text.utf8))
    }

    @Test func eachMeasureComparesItsOwnNumber() throws {
        let first = try Self.evaluation(0.8, 0.5, 0.6)
        let second = try Self.evaluation(0.7, 0.6, 0.5)
        #expect(!BestMeasure.accuracy.prefers(second, to: first))
        #expect(BestMeasure.accuracy.prefers(first, to: second))
        #expect(BestMeasure.meanClassAccuracy.prefers(second, to: first))
        #expect(BestMeasure.loss.prefers(second, to: first))
        #expect(!BestMeasure.loss.prefers(first, to: second))
        for measure in BestMeasure.allCases { #expect(!measure.prefers(first, to: first)) }
        #expect(BestMeasure.allCases.map { $0.value(of: first) } == [0.8, 0.5, 0.6])
    }

    @Test func aLossThatIsNoNumberIsWorseThanAny() throws {
        let (finite, infinite, none) = (
            try Self.evaluation(0.5, 0.5, 3), try Self.evaluation(0.5, 0.5, .infinity),
            try Self.evaluation(0.5, 0.5, .nan)
        )
        #expect(BestMeasure.loss.prefers(finite, to: none) && !BestMeasure.loss.prefers(none, to: finite))
        #expect(
            BestMeasure.loss.prefers(finite, to: infinite) && BestMeasure.loss.prefers(infinite, to: none))
        #expect(!BestMeasure.loss.prefers(none, to: none))
    }
}
