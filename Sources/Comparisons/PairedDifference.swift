internal import Foundation

/// The difference between two methods that were run with the same seeds and tested on the same pictures.
///
/// `D[s, i]` is the score of A minus that of B at seed s on test picture i (or patient, where pictures belong to
/// patients). Seeds and pictures are both drawn by chance, so a difference must exceed both:
///
///     Δ  = mean of D
///     VS = variance of the seeds' means / S,   VN = variance of the pictures' means / N
///     VE = Σ (D − seed's mean − picture's mean + Δ)² / ((S − 1)(N − 1)) / (S N)
///     V  = max(VS + VN − VE, VS, VN),   SE = √V,   w = VS / (VS + VN)
///     c(p) = w t(1 − p/2; S − 1) + (1 − w) z(1 − p/2)
///
/// The p-value solves |Δ| / SE = c(p). Two-way clustering (Cameron, Gelbach and Miller, Robust inference with multiway
/// clustering, 2011) with critical values weighted as by Cochran and Cox (1950).
public struct PairedDifference: Sendable, Equatable {
    /// Δ.
    public let difference: Double
    /// √V.
    public let standardError: Double
    /// w: the part of the variance that more seeds would lower; the rest, more test pictures. 0.5 without any.
    public let seedShare: Double
    /// S.
    public let seedCount: Int
    /// N.
    public let pictureCount: Int

    /// Compares by scores of single pictures.
    ///
    /// - Parameter differences: D, a row a seed; two rows and two columns at least, rows of one length, or it traps.
    public init(_ differences: [[Double]]) {
        let (seeds, pictures) = (differences.count, differences.first?.count ?? 0)
        precondition(
            seeds >= 2 && pictures >= 2 && differences.allSatisfy { $0.count == pictures },
            "differences of \(seeds) seeds and \(pictures) pictures")
        let (seedCount, pictureCount) = (Double(seeds), Double(pictures))
        let seedMeans = differences.map { $0.reduce(0, +) / pictureCount }
        var pictureMeans = [Double](repeating: 0, count: pictures)
        for row in differences {
            for (index, value) in row.enumerated() { pictureMeans[index] += value }
        }
        for index in pictureMeans.indices { pictureMeans[index] /= seedCount }
        let mean = seedMeans.reduce(0, +) / seedCount
        let squares = { (values: [Double]) in values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } }
        let ofSeeds = squares(seedMeans) / (seedCount - 1) / seedCount
        let ofPictures = squares(pictureMeans) / (pictureCount - 1) / pictureCount
        var residual = 0.0
        for (row, seedMean) in zip(differences, seedMeans) {
            for (value, pictureMean) in zip(row, pictureMeans) {
                let rest = value - seedMean - pictureMean + mean
                residual += rest * rest
            }
        }
        let ofBoth = residual / ((seedCount - 1) * (pictureCount - 1)) / (seedCount * pictureCount)
        difference = mean
        standardError = max(ofSeeds + ofPictures - ofBoth, ofSeeds, ofPictures).squareRoot()
        seedShare = ofSeeds + ofPictures > 0 ? ofSeeds / (ofSeeds + ofPictures) : 0.5
        (self.seedCount, self.pictureCount) = (seeds, pictures)
    }

    /// c(p): how many standard errors a difference must be away from 0 for a p-value of p, above 0 and at most 1.
    public func criticalValue(_ p: Double) -> Double {
        let student = StudentDistribution(degreesOfFreedom: Double(seedCount - 1))
        return seedShare * student.quantile(upperTail: p / 2)
            + (1 - seedShare) * NormalDistribution.quantile(upperTail: p / 2)
    }

    /// How probable a difference at least as large would be if there were none; nil where nothing varies and yet there
    /// is a difference, of which no test can say anything.
    public var pValue: Double? {
        guard standardError > 0 else { return difference == 0 ? 1 : nil }
        let target = abs(difference) / standardError
        guard target > 0 else { return 1 }
        // In the logarithm of p, which may be tiny; nothing is said below 1e-300.
        let root = rootOfDecreasing(0, 690) { log(target) - log(criticalValue(exp(-$0))) }
        return exp(-root)
    }

    /// Δ ± c(1 − level) SE.
    ///
    /// - Parameter level: For example 0.95.
    public func interval(level: Double) -> ClosedRange<Double> {
        let half = standardError > 0 ? criticalValue(1 - level) * standardError : 0
        return difference - half...difference + half
    }

    /// The smallest true difference that is found with 80 % probability: (c(0.05 / m) + 0.84) SE.
    ///
    /// - Parameter comparisonCount: m, comparisons that are made together.
    public func detectable(comparisonCount: Int) -> Double {
        (criticalValue(0.05 / Double(max(1, comparisonCount))) + 0.84) * standardError
    }
}
