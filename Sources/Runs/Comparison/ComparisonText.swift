internal import Foundation

extension ComparisonRow {
    /// The columns of the table, in every file that has them.
    static let columns = [
        "method", "setting", "status", "seeds", "val_mean", "test_mean", "test_sd", "delta", "ci_low",
        "ci_high",
        "p", "p_holm", "seed_share", "detectable", "verdict", "epochs", "seconds", "trained_parameters",
        "peak_memory",
    ]

    /// The line as CSV has it: shares and bytes; empty where a value is missing.
    var values: [String] {
        let shares = [
            validationMean, testMean, testDeviation, numbers?.delta, numbers?.interval?.lowerBound,
            numbers?.interval?.upperBound, numbers?.p, numbers?.adjusted, numbers?.seedShare,
            numbers?.detectable,
        ]
        return [method, setting, status, "\(seeds)"] + shares.map { $0.map(Self.digits) ?? "" }
            + [
                verdict, "\(epochs)", String(format: "%.1f", seconds),
                trainedParameters.map { "\($0)" } ?? "", "\(peakMemoryBytes)",
            ]
    }

    private static func digits(_ value: Double) -> String { String(format: "%.6g", value) }
}

extension ComparisonSummary {
    /// The table as comma-separated values.
    package var csv: String {
        ([ComparisonRow.columns] + rows.map(\.values)).map(CSVText.line).joined()
    }

    /// All that is known, for programs.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(ComparisonObject(self)), as: UTF8.self) + "\n"
    }

    /// The table for people: accuracies and differences in points of a hundred.
    package var markdown: String {
        let compared = outcomes.comparesAllPairs ? "each other" : outcomes.baseline
        let pictures =
            "\(outcomes.units.count) test pictures"
            + (outcomes.unitCount < outcomes.units.count ? " of \(outcomes.unitCount) groups" : "")
        var lines = [
            "# Comparison of \(Units.count(rows.count { $0.numbers != nil } + 1, "method"))", "",
            "\(Units.count(outcomes.seeds.count, "seed")) (\(Self.list(outcomes.seeds))), \(pictures), \(ranksWords) a run. "
                + "Accuracies and differences in points of a hundred; differences from \(outcomes.baseline) with intervals of 95 %; p-values "
                + "after Holm for \(Units.count(comparisonCount, "comparison")) with \(compared)\(looksWords); differences up to \(Self.points(outcomes.margin)) do not matter.",
        ]
        if !outcomes.selectionSeeds.isEmpty {
            lines += [
                "",
                "Settings were chosen by the validation split with other seeds (\(Self.list(outcomes.selectionSeeds))) and confirmed with these.",
            ]
        }
        lines += [""] + Self.table(Self.heads, rows.map(\.cells))
        if outcomes.comparesAllPairs {
            lines += ["", "## Each pair", ""] + Self.table(Self.pairHeads, pairs.map(\.cells))
        }
        if !warnings.isEmpty {
            lines += ["", "## Warnings", ""] + warnings.map { "- \(Self.escaped($0))" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var ranksWords: String {
        let others = outcomes.ranks.dropLast().map { "\($0) or " }.joined()
        return others + Units.count(outcomes.ranks.last ?? 1, "rank")
    }

    private var looksWords: String {
        let looks = outcomes.looks
        guard looks.count > 1 else { return "" }
        let numbers = looks.map(String.init).joined(separator: ", ")
        return " at \(looks.count) looks, with \(numbers) seeds"
    }

    private static let heads = [
        "method", "setting", "status", "seeds", "validation", "test", "sd", "difference", "p (Holm)",
        "seeds' share", "verdict", "epochs", "seconds", "trained", "memory",
    ]
    private static let pairHeads = ["first", "second", "difference", "p (Holm)", "verdict"]

    private static func list(_ seeds: [UInt64]) -> String {
        seeds.prefix(20).map(String.init).joined(separator: ", ") + (seeds.count > 20 ? ", …" : "")
    }

    private static func table(_ heads: [String], _ rows: [[String]]) -> [String] {
        MarkdownText.table(heads, rows.map { $0.map(escaped) })
    }

    /// Text that stands for itself: a setting may hold anything.
    private static func escaped(_ text: String) -> String {
        MarkdownText.escaped(text, atMost: 2000, isPrinted: true)
    }

    /// A share in points of a hundred.
    static func points(_ share: Double) -> String {
        let text = String(format: "%.1f", share * 100)
        return text == "-0.0" ? "0.0" : text
    }
}

extension ComparisonNumbers {
    /// The difference with its interval: `+1.2 (−0.3 to 2.7)` with plain signs.
    fileprivate var words: String {
        let sign = delta > 0 ? "+" : ""
        let text = sign + ComparisonSummary.points(delta)
        guard let interval else { return text }
        return
            "\(text) (\(ComparisonSummary.points(interval.lowerBound)) to \(ComparisonSummary.points(interval.upperBound)))"
    }

    /// The p-value as people read it.
    fileprivate var adjustedWords: String { adjusted.map { String(format: "%.2g", $0) } ?? "" }
}

extension ComparisonRow {
    /// The line as people read it.
    fileprivate var cells: [String] {
        let points = { (share: Double?) in share.map(ComparisonSummary.points) ?? "" }
        return [
            method, setting, status, "\(seeds)", points(validationMean), points(testMean),
            points(testDeviation), numbers?.words ?? "", numbers?.adjustedWords ?? "",
            numbers?.seedShare.map { String(format: "%.0f %%", $0 * 100) } ?? "", verdict, "\(epochs)",
            String(format: "%.1f", seconds), trainedParameters.map { "\($0)" } ?? "",
            Units.bytes(peakMemoryBytes),
        ]
    }
}

extension ComparisonPair {
    /// The line as people read it.
    fileprivate var cells: [String] { [first, second, numbers.words, numbers.adjustedWords, verdict] }
}
