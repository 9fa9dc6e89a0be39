/// Several runs side by side, each accuracy with its interval. What `ballast compare` found stands at the head of the
/// page.
struct RunsSection {
    private let contents: ReportContents

    init(_ contents: ReportContents) { self.contents = contents }

    /// The table of groups and the chart of intervals; nothing for one run.
    var content: Markup {
        guard contents.runs.count > 1 else { return .nothing }
        let rows = contents.runs.compactMap { run -> IntervalChart.Row? in
            guard let accuracy = run.headline?.accuracy, let interval = run.interval else { return nil }
            return IntervalChart.Row(
                name: run.name, value: accuracy, low: interval.lowerBound, high: interval.upperBound)
        }
        let words: Markup =
            contents.comparisons.isEmpty
            ? .paragraph(
                "Intervals are those of each run by itself, over its samples; they do not say whether two runs differ. Runs on the same samples are compared by `ballast compare`, which pairs seeds and pictures."
            ) : .nothing
        return .joined([
            notice, words, groupTable,
            .element(
                "div", ["class": "figures"],
                IntervalChart(
                    title: "Accuracy of each run", note: "\(split)with intervals of 95 % (Wilson)",
                    rows: rows,
                    label: "accuracy, %"
                ).figure),
            differences,
        ])
    }

    /// Of which split the accuracies are, where they are of one.
    private var split: String {
        let splits = Set(contents.runs.compactMap(\.headline?.split))
        return splits.count == 1 ? "\(splits.first ?? "") split, " : ""
    }

    /// Numbers of different tasks cannot be compared.
    private var notice: Markup {
        let classes = Set(contents.runs.map(\.classNames).filter { !$0.isEmpty })
        let splits = Set(contents.runs.compactMap(\.headline?.split))
        var words: [Markup] = []
        if classes.count > 1 {
            words.append("These runs have different classes: their accuracies are of different tasks.")
        }
        if splits.count > 1 {
            words.append("Some of these accuracies are of the test split and some of the validation split.")
        }
        return words.isEmpty
            ? .nothing
            : .element("ul", ["class": "warnings"], content: words.map { .element("li", [:], $0) })
    }

    private var groupTable: Markup {
        guard contents.groups.contains(where: { $0.runs.count > 1 }) else { return .nothing }
        return DataTable(
            label: "Means over seeds",
            heads: [
                .text("runs"), .number("seeds"), .number("mean accuracy"), .number("standard deviation"),
                .number("least"), .number("most"),
            ],
            rows: contents.groups.prefix(contents.detail.tableRuns).map { group in
                let values = group.runs.compactMap { $0.headline?.accuracy }.filter { $0.isFinite }
                let mean = values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
                let squares = values.reduce(0) { $0 + ($1 - (mean ?? 0)) * ($1 - (mean ?? 0)) }
                let deviation =
                    values.count < 2 ? nil : (squares / Double(values.count - 1)).squareRoot()
                let numbers = [mean, deviation, values.min(), values.max()]
                return [DataTable.Cell.name(group.name), .count(group.runs.count)]
                    + numbers.map { DataTable.Cell.number(NumberText.percent($0), $0) }
            }, isSortable: true, caption: "Accuracy, \(split)over seeds"
        ).markup
    }

    /// What the configurations have different.
    private var differences: Markup {
        let groups = contents.groups.prefix(ReportDetail.linesInChart).filter {
            $0.runs.first?.configuration != nil
        }
        guard groups.count > 1 else { return .nothing }
        let settings = groups.map { $0.runs.first?.configuration?.values ?? [:] }
        let keys = Set(settings.flatMap(\.keys)).subtracting(["output", "training.seed"])
        let rows = keys.sorted().filter { key in Set(settings.map { $0[key] }).count > 1 }.prefix(60)
        guard !rows.isEmpty else { return .nothing }
        return DataTable(
            label: "Settings that differ",
            heads: [DataTable.Head.text("setting")] + groups.map { DataTable.Head.text($0.name) },
            rows: rows.map { key in
                [DataTable.Cell.name(key)]
                    + settings.map { DataTable.Cell.name($0[key] ?? NumberText.missing) }
            }, caption: "Settings that differ"
        ).markup
    }
}
