internal import ImageData
package import Reports
internal import Tensors
package import Training

extension ReportRecord {
    /// All that an evaluation shows but the features.
    mutating func fill(_ shown: ShownEvaluation) {
        fill(shown.samples)
        let (choice, samples) = (shown.choice, shown.samples)
        pictures = zip(choice.samples, shown.thumbnails.texts).map { position, thumbnail in
            Picture(
                sample: shown.subset.identifier(position).reportName, label: samples.labels[position],
                prediction: samples.predictions[position],
                probability: samples.probabilities[position].shown,
                labelProbability: samples.labelProbabilities[position].shown, thumbnail: thumbnail)
        }
        (worst, best) = (choice.indices(of: choice.worst), choice.indices(of: choice.best))
        suspectLabels = choice.indices(of: choice.suspectLabels)
        confused = choice.confused.map {
            ConfusedPair(
                truth: $0.truth, prediction: $0.prediction, count: $0.count,
                pictures: choice.indices(of: $0.samples))
        }
    }

    /// What follows from the predictions alone.
    package mutating func fill(_ samples: EvaluatedSamples) {
        (split, self.samples) = (samples.split, samples.count)
        confusion = samples.confusion(limit: Limits.confusion).map {
            ConfusionCount(truth: $0.truth, prediction: $0.prediction, count: $0.count)
        }
        let bins = samples.calibration(binCount: Limits.calibrationBins)
        calibration = bins.enumerated().map { number, bin in
            CalibrationBin(
                low: Double(number) / Double(bins.count), high: Double(number + 1) / Double(bins.count),
                count: bin.count, confidence: bin.confidence.sixDecimals, accuracy: bin.accuracy.sixDecimals)
        }
        // Of no probabilities nobody knows how far they can be believed.
        expectedCalibrationError =
            bins.allSatisfy { $0.count == 0 }
            ? nil : samples.expectedCalibrationError(binCount: Limits.calibrationBins).sixDecimals
    }
}

extension EvaluatedSamples {
    /// The features that are known on their two principal axes, without those that are not finite; nil where none are.
    ///
    /// - Throws: `EigenvectorError` where LAPACK fails.
    package func plottedFeatures() throws -> [ReportRecord.PlottedPoint]? {
        guard !featurePositions.isEmpty else { return nil }
        let width = features.count / featurePositions.count
        var plotted: [Int] = []
        var elements: [Double] = []
        for (row, position) in featurePositions.enumerated() {
            let values = features[row * width..<(row + 1) * width]
            guard values.allSatisfy(\.isFinite) else { continue }
            elements += values.map { Double($0) }
            plotted.append(labels[position])
        }
        guard !plotted.isEmpty else { return nil }
        let rows = DoubleMatrix(rowCount: plotted.count, columnCount: width, elements: elements)
        return try ReportRecord.PlottedPoint.points(rows, labels: plotted)
    }
}

extension Double {
    /// So many digits say all there is to see.
    fileprivate var sixDecimals: Double { (self * 1_000_000).rounded() / 1_000_000 }

    /// The same of a probability; 0 where there is none, for JSON has no other number for it.
    fileprivate var shown: Double { isFinite ? sixDecimals : 0 }
}

extension String {
    /// A name as a report shows it: of a long one the end, where names of files differ.
    var reportName: String {
        let limit = ReportRecord.Limits.nameCharacters
        // A character may consist of any number of bytes.
        guard unicodeScalars.count > limit else { return self }
        return "…" + String(String.UnicodeScalarView(unicodeScalars.suffix(limit - 1)))
    }
}
