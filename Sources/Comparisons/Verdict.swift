internal import Foundation

/// What a comparison says of two methods.
public enum Verdict: Sendable, Equatable {
    /// The difference exceeds chance and the practical margin. The first of the two is the better one.
    case better
    /// It exceeds chance, but perhaps not the margin.
    case perhapsTooLittle
    /// The 90 % interval lies within the margin.
    case practicallyEqual
    /// Chance explains it. Whether more seeds would tell, or more test pictures.
    case withinChance(addSeeds: Bool)
    /// Two seeds or fewer: nothing is said.
    case fewSeeds
    /// Nothing varied between seeds and pictures, so that there is no test.
    case noVariation
    /// The run of this setting was stopped after so many epochs, for a better one.
    case stopped(epoch: Int)

    /// Seeds below which no verdict is given.
    public static let leastSeeds = 3

    /// The verdict of a difference.
    ///
    /// - Parameters:
    ///   - difference: Of the two.
    ///   - adjusted: Its p-value after Holm; nil where there is none.
    ///   - margin: Differences up to this one do not matter in practice, as a share: 0.005.
    public init(_ difference: PairedDifference, adjusted: Double?, margin: Double) {
        guard difference.seedCount >= Self.leastSeeds else {
            self = .fewSeeds
            return
        }
        guard let adjusted else {
            self = .noVariation
            return
        }
        if adjusted < 0.05 {
            let interval = difference.interval(level: 0.95)
            let isBeyond = interval.lowerBound > margin || interval.upperBound < -margin
            self = isBeyond ? .better : .perhapsTooLittle
            return
        }
        let interval = difference.interval(level: 0.9)
        if interval.lowerBound >= -margin, interval.upperBound <= margin {
            self = .practicallyEqual
        } else {
            self = .withinChance(addSeeds: difference.seedShare >= 0.5)
        }
    }

    /// In words, where these have no numbers of a difference; nil for the others.
    public var shortWords: String? {
        switch self {
        case .practicallyEqual: "practically equal"
        case .fewSeeds: "few seeds"
        case .noVariation: "no verdict: nothing varied between seeds and pictures"
        case .stopped(let epoch): "not compared: stopped at epoch \(epoch)"
        case .better, .perhapsTooLittle, .withinChance: nil
        }
    }

    /// In words, in points of a hundred.
    ///
    /// - Parameters:
    ///   - method: A, of which the difference is.
    ///   - baseline: B.
    ///   - comparisonCount: Comparisons that were made together.
    public func words(
        _ method: String, against baseline: String, _ difference: PairedDifference, comparisonCount: Int
    ) -> String {
        let sign = difference.difference < 0 ? -1.0 : 1.0
        let (better, worse) = sign < 0 ? (baseline, method) : (method, baseline)
        let interval = difference.interval(level: 0.95)
        let ends = [sign * interval.lowerBound, sign * interval.upperBound].sorted()
        let range = "\(Self.points(ends[0])) to \(Self.points(ends[1]))"
        switch self {
        case .better:
            return "\(better) beats \(worse) by \(Self.points(abs(difference.difference))) (\(range))"
        case .perhapsTooLittle:
            return "\(better) beats \(worse), perhaps by too little to matter (\(range))"
        case .withinChance(let addSeeds):
            let plausible =
                "\(Self.points(interval.lowerBound)) to \(Self.points(interval.upperBound))"
            let detectable = Self.points(difference.detectable(comparisonCount: comparisonCount))
            return
                "no difference beyond chance; plausible \(plausible); detectable from \(detectable); add "
                + (addSeeds ? "seeds" : "test pictures")
        case .practicallyEqual, .fewSeeds, .noVariation, .stopped: return shortWords ?? ""
        }
    }

    /// A share in points of a hundred, with a tenth.
    static func points(_ share: Double) -> String {
        let text = String(format: "%.1f", share * 100)
        return text == "-0.0" ? "0.0" : text
    }
}
