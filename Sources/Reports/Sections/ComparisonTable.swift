/// What `ballast compare` found: verdicts first, then the numbers behind them.
struct ComparisonTable {
    private let record: ComparisonRecord

    private static let mostRows = 200

    init(_ record: ComparisonRecord) { self.record = record }

    /// The tables, the chart and the warnings.
    var markup: Markup {
        .joined([
            .paragraph(Markup(words)), warnings, verdicts,
            .element("div", ["class": "figures"], chart), details, pairs,
        ])
    }

    private var words: String {
        let seeds = (record.seeds ?? []).prefix(20).map(String.init).joined(separator: ", ")
        let pictures = record.testPictures.map { "\($0) test pictures" } ?? "the test pictures"
        let groups = record.testGroups.flatMap { $0 == record.testPictures ? nil : " of \($0) groups" } ?? ""
        let chosen =
            (record.selectionSeeds ?? []).isEmpty
            ? "" : " Settings were chosen on the validation split with other seeds."
        return
            "Accuracy on \(pictures)\(groups), seeds \(seeds). Differences are from \(record.baseline ?? "the baseline"), over seeds and pictures, with intervals of 95 %; p-values after Holm for \(record.comparisons ?? record.methods.count - 1) comparisons. Differences up to \(Self.points(record.margin)) points do not matter.\(chosen)"
    }

    private var warnings: Markup {
        let lines = (record.warnings ?? []).prefix(40)
        return lines.isEmpty
            ? .nothing
            : .element(
                "ul", ["class": "warnings"], content: lines.map { .element("li", [:], Markup($0)) })
    }

    private var verdicts: Markup {
        DataTable(
            label: "Methods",
            heads: [
                .text("method"), .text("verdict"), .number("test accuracy"), .number("sd"),
                .number("difference"), .number("interval"), .number("p (Holm)"), .text("status"),
            ],
            rows: record.methods.prefix(Self.mostRows).map { row in
                [
                    .name(row.title), .name(row.verdict ?? ""),
                    .number(NumberText.percent(row.testMean, digits: 1), row.testMean),
                    .number(NumberText.percent(row.testDeviation, digits: 1), row.testDeviation),
                    .number(NumberText.points(row.delta), row.delta),
                    .number(Self.interval(row.low, row.high), row.low),
                    .number(NumberText.short(row.adjusted), row.adjusted),
                    .name(row.status ?? ""),
                ]
            }, isSortable: true, caption: "Differences in points of a hundred"
        ).markup
    }

    private static func interval(_ low: Double?, _ high: Double?) -> String {
        low == nil || high == nil
            ? NumberText.missing : "\(NumberText.points(low)) to \(NumberText.points(high))"
    }

    /// Points of a hundred without a sign.
    private static func points(_ share: Double?) -> String {
        guard let share, share.isFinite else { return NumberText.missing }
        return NumberText.short((share * 1000).rounded() / 10)
    }

    private var chart: Markup {
        let rows = record.methods.compactMap { row -> IntervalChart.Row? in
            guard let delta = row.delta, let low = row.low, let high = row.high else { return nil }
            return IntervalChart.Row(name: row.title, value: delta, low: low, high: high)
        }
        let margin = record.margin.flatMap { (0...1).contains($0) ? $0 : nil } ?? 0
        return IntervalChart(
            title: "Differences from \((record.baseline ?? "the baseline").prefix(80))",
            note: "intervals of 95 %; what lies in the shaded strip does not matter", rows: rows,
            label: "points of a hundred", margin: margin
        ).figure
    }

    private var details: Markup {
        .details(
            "Seeds, settings and costs",
            DataTable(
                label: "Seeds, settings and costs",
                heads: [
                    .text("method"), .number("seeds"), .number("validation accuracy"),
                    .number("seeds' share"),
                    .number("detectable from, points"), .number("epochs"), .number("time of a run"),
                    .number("trained"),
                    .number("peak memory"),
                ],
                rows: record.methods.prefix(Self.mostRows).map { row in
                    [
                        .name(row.title), .count(row.seeds),
                        .number(NumberText.percent(row.validationMean, digits: 1), row.validationMean),
                        .number(NumberText.percent(row.seedShare, digits: 0), row.seedShare),
                        .number(Self.points(row.detectable), row.detectable),
                        .count(row.epochs),
                        .number(NumberText.duration(row.seconds), row.seconds),
                        .number(NumberText.short(row.trainedParameters), row.trainedParameters),
                        .number(NumberText.bytes(row.peakMemory), row.peakMemory),
                    ]
                }, isSortable: true,
                caption:
                    "Seeds' share: the part of the uncertainty that more seeds would lower; the rest needs more test pictures"
            ).markup)
    }

    private var pairs: Markup {
        guard record.allPairs == true, let pairs = record.pairs, !pairs.isEmpty else { return .nothing }
        return DataTable(
            label: "Each pair",
            heads: [
                .text("first"), .text("second"), .number("difference"), .number("interval"),
                .number("p (Holm)"), .text("verdict"),
            ],
            rows: pairs.prefix(Self.mostRows).map { pair in
                [
                    .name(pair.first), .name(pair.second),
                    .number(NumberText.points(pair.delta), pair.delta),
                    .number(Self.interval(pair.low, pair.high), pair.low),
                    .number(NumberText.short(pair.adjusted), pair.adjusted),
                    .name(pair.verdict ?? ""),
                ]
            }, isSortable: true, caption: "Each pair"
        ).markup
    }
}
