import Reports
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// What a classifier says of a sample.
private struct Row {
    let label: Int
    let prediction: Int
    let probability: Double
    let ofLabel: Double

    init(_ label: Int, _ prediction: Int, _ probability: Double, _ ofLabel: Double) {
        (self.label, self.prediction, self.probability) = (label, prediction, probability)
        self.ofLabel = ofLabel
    }
}

private func samples(_ rows: [Row]) -> EvaluatedSamples {
    EvaluatedSamples(
        split: "test", labels: rows.map(\.label), predictions: rows.map(\.prediction),
        probabilities: rows.map(\.probability), labelProbabilities: rows.map(\.ofLabel))
}

/// A sample that is classified right.
private func right(_ label: Int, _ probability: Double) -> Row { Row(label, label, probability, probability) }

@Suite struct PredictionStatisticsTests {
    @Test func confusionCountsWhatHappened() {
        let evaluated = samples([
            right(1, 0.9), right(0, 0.9), Row(2, 0, 0.6, 0.3), Row(2, 0, 0.5, 0.4), right(1, 0.5),
            Row(0, 2, 0.5, 0.4),
        ])
        func rows(limit: Int) -> [[Int]] {
            evaluated.confusion(limit: limit).map { [$0.truth, $0.prediction, $0.count] }
        }
        #expect(rows(limit: 100) == [[0, 0, 1], [0, 2, 1], [1, 1, 2], [2, 0, 2]])
        // The most frequent ones stay, in their order.
        #expect(rows(limit: 3) == [[0, 0, 1], [1, 1, 2], [2, 0, 2]])
        #expect(samples([]).confusion(limit: 3).isEmpty)
    }

    @Test func calibrationHasTenBins() {
        let evaluated = samples([
            right(0, 1), Row(0, 1, 0.9, 0.1), right(1, 0.91), Row(0, 1, 0.25, 0.2), right(0, 0.2),
            right(0, 0),
        ])
        let bins = evaluated.calibration(binCount: 10)
        #expect(bins.map(\.count) == [1, 0, 2, 0, 0, 0, 0, 0, 0, 3])
        #expect(abs(bins[9].confidence - 2.81 / 3) < 1e-12 && abs(bins[9].accuracy - 2.0 / 3) < 1e-12)
        #expect(abs(bins[2].confidence - 0.225) < 1e-12 && bins[2].accuracy == 0.5)
        #expect(bins[1].confidence == 0 && bins[1].accuracy == 0)
        let expected: Double = (1.0 + 2.0 * 0.275 + 0.81) / 6.0
        #expect(abs(evaluated.expectedCalibrationError(binCount: 10) - expected) < 1e-12)
        #expect(samples([]).expectedCalibrationError(binCount: 10) == 0)
    }

    /// Who says 0.8 and is right four times of five is calibrated.
    @Test func aCalibratedModelHasNoError() {
        let rows = (0..<10).map { index in
            index % 5 == 0 ? Row(0, 1, 0.8, 0.2) : right(0, 0.8)
        }
        #expect(samples(rows).expectedCalibrationError(binCount: 10) < 1e-12)
    }
}

/// A model may give numbers that are none.
@Suite struct UnclassifiedSampleTests {
    /// Without a class: what is not finite has neither prediction nor probability.
    private static let unclassified = Row(0, -1, .nan, .nan)

    @Test func theyAreWrongAndInNoTable() {
        let others = [right(0, 0.9), Row(1, 0, 0.95, 0.05), right(1, 0.7)]
        let (with, without) = (samples([Self.unclassified] + others), samples(others))
        #expect(
            with.confusion(limit: 9).map { [$0.truth, $0.prediction, $0.count] } == [
                [0, 0, 1], [1, 0, 1], [1, 1, 1],
            ])
        #expect(with.calibration(binCount: 10).map(\.count).reduce(0, +) == 3)
        #expect(with.expectedCalibrationError(binCount: 10) == without.expectedCalibrationError(binCount: 10))
        #expect(with.suspectLabels(limit: 9) == without.suspectLabels(limit: 9).map { $0 + 1 })
        #expect(with.suspectLabels(limit: 9) == [2])
        let choice = PictureChoice(with)
        #expect(choice.worst == [2, 0] && choice.best == [1, 3])
        #expect(choice.confused.map { [$0.truth, $0.prediction, $0.count] } == [[1, 0, 1]])
    }

    @Test func aRecordOfNothingElseHasNoCalibration() {
        var record = ReportRecord(method: nil)
        record.fill(samples([Self.unclassified, Self.unclassified]))
        #expect(record.split == "test" && record.samples == 2 && record.confusion == [])
        #expect(record.calibration?.map(\.count) == Array(repeating: 0, count: 10))
        #expect(record.expectedCalibrationError == nil)
        record.fill(samples([Self.unclassified, right(1, 0.75)]))
        #expect(record.confusion == [ReportRecord.ConfusionCount(truth: 1, prediction: 1, count: 1)])
        #expect(record.expectedCalibrationError == 0.25)
    }

    @Test func featuresThatAreNotFiniteHaveNoPlace() throws {
        func plotted(_ features: [Float]) throws -> [ReportRecord.PlottedPoint]? {
            try EvaluatedSamples(
                split: "test", labels: [0, 1, 2], predictions: [0, 1, 2], probabilities: [1, 1, 1],
                labelProbabilities: [1, 1, 1], featurePositions: [0, 2], features: features
            ).plottedFeatures()
        }
        #expect(try plotted([0, 0, 3, 4])?.map(\.label) == [0, 2])
        #expect(try plotted([0, .nan, 3, 4])?.map(\.label) == [2])
        #expect(try plotted([0, .infinity, 3, .nan]) == nil)
    }
}

@Suite struct SuspectLabelsTests {
    /// Class 0 usually has 0.8, class 1 0.6. Of four wrong predictions two look like the class that is predicted and
    /// unlike that of the label.
    @Test func whatLooksLikeAnotherClassIsSuspect() {
        let usual = (0..<20).map { right($0 % 2, $0 % 2 == 0 ? 0.9 : 0.7) }
        let evaluated = samples(
            usual + [
                Row(1, 0, 0.95, 0.05), Row(0, 1, 0.8, 0.2),
                // Not as sure of class 0 as usual.
                Row(1, 0, 0.6, 0.4),
                // Class 2 has no samples.
                Row(1, 2, 0.99, 0.01),
            ])
        #expect(evaluated.suspectLabels(limit: 24) == [21, 20])
        #expect(evaluated.suspectLabels(limit: 1) == [21])
        #expect(samples(usual).suspectLabels(limit: 24).isEmpty)
    }
}

@Suite struct PictureChoiceTests {
    /// Thirty wrong ones and twenty right ones, surer and surer.
    private let evaluated = samples(
        (0..<30).map { Row($0 % 3, 3, 0.4 + Double($0) / 100, 0.1) }
            + (0..<20).map { right(3, 0.5 + Double($0) / 100) })

    @Test func theSurestComeFirst() {
        let choice = PictureChoice(evaluated)
        #expect(choice.worst == (6..<30).reversed())
        #expect(choice.best == (38..<50).reversed())
        #expect(
            choice.confused.map { [$0.truth, $0.prediction, $0.count] } == [
                [0, 3, 10], [1, 3, 10], [2, 3, 10],
            ])
        #expect(choice.confused.map(\.samples) == [[27, 24, 21, 18], [28, 25, 22, 19], [29, 26, 23, 20]])
        #expect(choice.samples.count == Set(choice.samples).count && choice.samples.count <= 120)
        #expect(choice.indices(of: choice.worst) == Array(0..<24))
        #expect(choice.indices(of: [27]) == [2] && choice.indices(of: [31]) == [])
        for position in choice.worst + choice.best + choice.suspectLabels + choice.confused.flatMap(\.samples)
        {
            #expect(choice.samples.contains(position))
        }
    }

    /// What differs by rounding alone is in the order of the samples.
    @Test func roundingChangesNothing() {
        func choice(_ change: Double) -> PictureChoice {
            PictureChoice(
                samples(
                    (0..<8).map { Row(0, 1, 0.9 + ($0 % 2 == 0 ? change : -change), 0.1) }))
        }
        #expect(choice(0).worst == Array(0..<8))
        #expect(choice(3e-7).worst == Array(0..<8) && choice(-3e-7).worst == Array(0..<8))
    }

    @Test func nothingIsChosenOfNothing() {
        let choice = PictureChoice(samples([]))
        #expect(choice.samples.isEmpty && choice.confused.isEmpty && choice.worst.isEmpty)
    }

    @Test func thePairsWithMostErrorsCount() {
        // Pair (k, k + 1) has k + 1 errors.
        let rows = (0..<20).flatMap { pair in
            (0...pair).map { _ in Row(pair, pair + 1, 0.5, 0.1) }
        }
        let confused = PictureChoice(samples(rows)).confused
        #expect(confused.map(\.count) == (9...20).reversed().map { $0 })
        #expect(confused.allSatisfy { $0.samples.count == 4 && $0.prediction == $0.truth + 1 })
    }
}

@Suite struct PlottedPointTests {
    @Test func coordinatesHaveFiveDigits() throws {
        let rows = DoubleMatrix(rowCount: 3, columnCount: 1, elements: [0, 0, 1000.0 / 3])
        let points = try ReportRecord.PlottedPoint.points(rows, labels: [4, 5, 6])
        #expect(points.map(\.x) == [-111.11, -111.11, 222.22] && points.map(\.y) == [0, 0, 0])
        #expect(points.map(\.label) == [4, 5, 6])
        let zeros = try ReportRecord.PlottedPoint.points(DoubleMatrix(zeros: 2, 2), labels: [0, 0])
        #expect(zeros.allSatisfy { $0.x == 0 && $0.y == 0 })
    }
}
