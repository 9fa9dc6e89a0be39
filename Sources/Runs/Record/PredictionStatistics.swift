package import Training

extension EvaluatedSamples {
    /// How often which class was taken for which, by truth, then prediction, without samples that have no prediction. Of
    /// more than `limit` pairs of classes those with the largest counts stay.
    package func confusion(limit: Int) -> [(truth: Int, prediction: Int, count: Int)] {
        var counts: [ClassPair: Int] = [:]
        for position in 0..<count where isClassified(position) {
            counts[ClassPair(truth: labels[position], prediction: predictions[position]), default: 0] += 1
        }
        var pairs = counts.map { (truth: $0.key.truth, prediction: $0.key.prediction, count: $0.value) }
        if pairs.count > limit {
            pairs.sort { (-$0.count, $0.truth, $0.prediction) < (-$1.count, $1.truth, $1.prediction) }
            pairs.removeLast(pairs.count - limit)
        }
        return pairs.sorted { ($0.truth, $0.prediction) < ($1.truth, $1.prediction) }
    }

    /// The samples by the probability of their predictions: bin b of n holds those from b/n on, and the last one those of
    /// 1 too. Samples without a prediction are in none.
    ///
    /// - Returns: Samples of each bin, the mean probability of their predictions, and the share that was right; 0 for both
    ///   where there are none.
    package func calibration(binCount: Int) -> [(count: Int, confidence: Double, accuracy: Double)] {
        var bins = [(count: Int, confidence: Double, accuracy: Double)](repeating: (0, 0, 0), count: binCount)
        for position in 0..<count where isClassified(position) {
            let bin = min(max(Int(probabilities[position] * Double(binCount)), 0), binCount - 1)
            bins[bin].count += 1
            bins[bin].confidence += probabilities[position]
            bins[bin].accuracy += isCorrect(position) ? 1 : 0
        }
        return bins.map { bin in
            let divisor = Double(max(bin.count, 1))
            return (bin.count, bin.confidence / divisor, bin.accuracy / divisor)
        }
    }

    /// `Σ over bins (n_b / n) · |accuracy_b − confidence_b|`, with n those in bins; 0 without any.
    ///
    /// Naeini, Cooper and Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015.
    package func expectedCalibrationError(binCount: Int) -> Double {
        let bins = calibration(binCount: binCount)
        let total = Double(max(bins.reduce(0) { $0 + $1.count }, 1))
        return bins.reduce(0) { sum, bin in
            sum + Double(bin.count) / total * abs(bin.accuracy - bin.confidence)
        }
    }
}

/// A class and what it was taken for.
private struct ClassPair: Hashable {
    let truth: Int
    let prediction: Int
}
