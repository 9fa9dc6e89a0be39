/// What methods got right with the same seeds on the same test pictures, and which differences between them exceed
/// chance.
///
/// Each method is compared with a baseline that was named beforehand, m = k − 1 comparisons of k methods, or with every
/// other one, m = k (k − 1) / 2. Where the table may be looked at several times, with more seeds each time, every look
/// counts: m is multiplied by their number.
public struct ComparisonTable: Sendable, Equatable {
    /// The scores of a method.
    public struct Entry: Sendable, Equatable {
        /// What the verdicts call it.
        public let name: String
        /// `[seed][picture]`: 1 where it was right and 0 where not, or a mean of such where pictures belong together.
        public let scores: [[Double]]

        /// A method and its scores; a row a seed, all rows of one length, at least two pictures.
        public init(name: String, scores: [[Double]]) { (self.name, self.scores) = (name, scores) }
    }

    /// Two methods, compared.
    public struct Pair: Sendable, Equatable {
        /// Place of A among the entries.
        public let first: Int
        /// Place of B.
        public let second: Int
        /// The mean score of A minus that of B.
        public let delta: Double
        /// The test; nil where there are too few seeds for any.
        public let difference: PairedDifference?
        /// Its p-value; nil where there is none.
        public let p: Double?
        /// The same after Holm.
        public let adjusted: Double?
        /// What follows.
        public let verdict: Verdict
        /// The same in words.
        public let words: String
    }

    /// All comparisons: with the baseline in the order of the entries, then the others.
    public let pairs: [Pair]
    /// m.
    public let comparisonCount: Int

    /// From so many seeds on nothing is said of their number.
    public static let enoughSeeds = 5

    /// Compares methods.
    ///
    /// - Parameters:
    ///   - entries: The methods, with the same seeds and pictures in the same order, or it traps.
    ///   - baseline: Place of the baseline among them.
    ///   - allPairs: Whether each is compared with each.
    ///   - margin: Differences up to this one do not matter in practice, as a share: 0.005.
    ///   - looks: How often the table is looked at; at least 1.
    public init(_ entries: [Entry], baseline: Int, allPairs: Bool, margin: Double, looks: Int = 1) {
        let shape = entries.map { $0.scores.map(\.count) }
        precondition(
            entries.indices.contains(baseline) && looks >= 1 && shape.allSatisfy { $0 == shape[0] },
            "\(entries.count) entries, baseline \(baseline), \(looks) looks")
        let others = entries.indices.filter { $0 != baseline }
        var places = others.map { ($0, baseline) }
        if allPairs {
            for first in others { places += others.filter { $0 > first }.map { (first, $0) } }
        }
        let count = places.count * looks
        let differences = places.map { Self.difference(entries[$0.0].scores, entries[$0.1].scores) }
        let values = differences.map { $0?.pValue }
        let adjusted = HolmAdjustment.adjusted(values, comparisonCount: count)
        pairs = places.indices.map { index in
            let (first, second) = places[index]
            let (a, b) = (entries[first], entries[second])
            guard let difference = differences[index] else {
                return Pair(
                    first: first, second: second, delta: Self.mean(a.scores) - Self.mean(b.scores),
                    difference: nil, p: nil, adjusted: nil, verdict: .fewSeeds,
                    words: Verdict.fewSeeds.shortWords ?? "")
            }
            let verdict = Verdict(difference, adjusted: adjusted[index], margin: margin)
            let mark = difference.seedCount < Self.enoughSeeds ? "; few seeds" : ""
            return Pair(
                first: first, second: second, delta: difference.difference, difference: difference,
                p: values[index], adjusted: adjusted[index], verdict: verdict,
                words: verdict.words(a.name, against: b.name, difference, comparisonCount: count) + mark)
        }
        comparisonCount = count
    }

    /// The test of two methods; nil with fewer seeds than a verdict takes.
    private static func difference(_ a: [[Double]], _ b: [[Double]]) -> PairedDifference? {
        guard a.count >= Verdict.leastSeeds else { return nil }
        return PairedDifference(zip(a, b).map { zip($0, $1).map { $0 - $1 } })
    }

    /// The mean of all scores; 0 without any.
    static func mean(_ scores: [[Double]]) -> Double {
        let all = scores.joined()
        return all.isEmpty ? 0 : all.reduce(0, +) / Double(all.count)
    }
}
