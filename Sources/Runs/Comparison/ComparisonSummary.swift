internal import Comparisons
internal import Foundation
internal import ModelFiles

/// The tables of a comparison: a line for each method and setting, the pairs, and what to know beside them.
package struct ComparisonSummary: Sendable {
    let outcomes: ComparisonOutcomes
    /// A line for each entry of the outcomes.
    let rows: [ComparisonRow]
    /// The comparisons that were made.
    let pairs: [ComparisonPair]
    /// m: how many comparisons p-values are adjusted for.
    package let comparisonCount: Int

    /// Compares.
    ///
    /// - Parameter outcomes: Entries that are chosen have a run of each seed with what it got right, one of them is the
    ///   baseline, and there are two units at least, or it traps.
    package init(_ outcomes: ComparisonOutcomes) {
        self.outcomes = outcomes
        let chosen = outcomes.entries.indices.filter { outcomes.entries[$0].isChosen }
        let scores = chosen.map { place in
            ComparisonTable.Entry(
                name: outcomes.entries[place].method,
                scores: outcomes.entries[place].runs.map { run in
                    ComparisonSamples.scores(run.right ?? [], units: outcomes.units)
                })
        }
        guard let baseline = chosen.firstIndex(where: { outcomes.entries[$0].method == outcomes.baseline })
        else { preconditionFailure("no baseline \(outcomes.baseline)") }
        let table = ComparisonTable(
            scores, baseline: baseline, allPairs: outcomes.comparesAllPairs, margin: outcomes.margin,
            looks: outcomes.looks.count)
        comparisonCount = table.comparisonCount
        // More seeds do not help where training fails, and to beat what did not train means little.
        func verdict(_ pair: ComparisonTable.Pair) -> String {
            let diverged = [pair.first, pair.second].compactMap { place in
                outcomes.entries[chosen[place]].divergedWords.map { "\($0) runs of \(scores[place].name)" }
            }
            return diverged.isEmpty
                ? pair.words
                : "\(pair.words); \(diverged.joined(separator: " and ")) diverged: see the warnings"
        }
        pairs = table.pairs.map { pair in
            ComparisonPair(
                first: scores[pair.first].name, second: scores[pair.second].name,
                ComparisonNumbers(pair, comparisonCount: table.comparisonCount), verdict: verdict(pair))
        }
        let count = table.comparisonCount
        rows = outcomes.entries.enumerated().map { place, entry in
            let pair = table.pairs.first { $0.second == baseline && chosen[$0.first] == place }
            return ComparisonRow(
                entry, isBaseline: chosen[baseline] == place,
                isAlone: outcomes.entries.count { $0.method == entry.method } == 1,
                numbers: pair.map { ComparisonNumbers($0, comparisonCount: count) },
                verdict: pair.map(verdict))
        }
    }

    /// What to know beside the table: runs that diverged, images that were left out, and seeds that are few.
    var warnings: [String] {
        let diverged = outcomes.entries.flatMap { entry in
            entry.runs.compactMap { run in
                run.divergence.map { "\(entry.title), seed \(run.seed), diverged and counts as it is: \($0)" }
            }
        }
        let count = outcomes.seeds.count
        let few =
            count < Verdict.leastSeeds
            ? ["\(Units.count(count, "seed")): too few for any verdict; compare with 5"]
            : count < ComparisonTable.enoughSeeds ? ["\(count) seeds are few: intervals are wide"] : []
        return diverged + (outcomes.leftOut.map { [$0] } ?? []) + few
    }

    /// Writes `compare.csv`, `compare.json` and `compare.md`. On rank 0.
    ///
    /// - Throws: `OutputFileError`.
    package func write(in folder: String) throws {
        for (name, text) in [("compare.csv", csv), ("compare.json", try json()), ("compare.md", markdown)] {
            try OutputFile.replace("\(folder)/\(name)", with: Array(text.utf8))
        }
    }
}

/// What a comparison of two methods found, in shares; nil where there is no test.
struct ComparisonNumbers: Sendable, Equatable {
    /// The mean difference.
    let delta: Double
    /// Its interval of 95 %.
    let interval: ClosedRange<Double>?
    /// The p-value, and the same after Holm.
    let (p, adjusted): (Double?, Double?)
    /// The part of the variance that more seeds would lower, and the least difference that is found with 80 %.
    let (seedShare, detectable): (Double?, Double?)

    init(_ pair: ComparisonTable.Pair, comparisonCount: Int) {
        delta = pair.delta
        interval = pair.difference?.interval(level: 0.95)
        (p, adjusted) = (pair.p, pair.adjusted)
        seedShare = pair.difference?.seedShare
        detectable = pair.difference?.detectable(comparisonCount: comparisonCount)
    }
}

/// Two methods, compared.
struct ComparisonPair: Sendable {
    let first: String
    let second: String
    let numbers: ComparisonNumbers
    let verdict: String

    init(first: String, second: String, _ numbers: ComparisonNumbers, verdict: String) {
        (self.first, self.second, self.numbers, self.verdict) = (first, second, numbers, verdict)
    }
}

/// A line of the table.
struct ComparisonRow: Sendable {
    let method: String
    let setting: String
    /// `baseline`, `compared`, `confirmed` (chosen from a grid), `not chosen`, `stopped` (early); and how many runs
    /// diverged.
    let status: String
    let seeds: Int
    /// Means and standard deviation over the seeds of accuracies, shares; nil where there are none.
    let (validationMean, testMean, testDeviation): (Double?, Double?, Double?)
    /// Against the baseline.
    let numbers: ComparisonNumbers?
    let verdict: String
    let epochs: Int
    /// Of a run, in the mean.
    let seconds: Double
    let trainedParameters: Int?
    let peakMemoryBytes: Int64

    init(
        _ entry: ComparisonOutcomes.Entry, isBaseline: Bool, isAlone: Bool, numbers: ComparisonNumbers?,
        verdict: String?
    ) {
        method = entry.method
        setting = entry.setting.joined(separator: " ")
        let kind =
            entry.stoppedEpoch != nil
            ? "stopped"
            : !entry.isChosen
                ? "not chosen" : isBaseline ? "baseline" : isAlone ? "compared" : "confirmed"
        let divergence = entry.divergedWords.map { "\($0) diverged" }
        status = [kind, divergence].compactMap(\.self).joined(separator: ", ")
        seeds = entry.runs.count
        // A run without a model got nothing right.
        validationMean =
            entry.runs.contains { $0.validation != nil }
            ? Self.mean(entry.runs.map { $0.validation ?? 0 }) : nil
        let accuracies = entry.runs.compactMap { $0.right.flatMap(Self.mean) }
        testMean = Self.mean(accuracies)
        testDeviation = Self.deviation(accuracies)
        self.numbers = numbers
        let stopped = entry.stoppedEpoch.flatMap { Verdict.stopped(epoch: $0).shortWords }
        self.verdict =
            verdict ?? stopped
            ?? (isBaseline ? "the others are compared with it" : "not compared: another setting was chosen")
        epochs = entry.runs.map(\.epochs).max() ?? 0
        seconds = Self.mean(entry.runs.map(\.seconds)) ?? 0
        trainedParameters = entry.runs.compactMap(\.trainedParameters).first
        peakMemoryBytes = entry.runs.map(\.peakMemoryBytes).max() ?? 0
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    private static func deviation(_ values: [Double]) -> Double? {
        guard values.count > 1, let mean = mean(values) else { return nil }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }
}
