/// The table of classes, those that are found least first.
struct ClassesSection {
    private let contents: ReportContents

    init(_ contents: ReportContents) { self.contents = contents }

    /// The table of each run.
    var content: Markup {
        contents.each { _, run in
            guard let matrix = ConfusionMatrix(run.record) else { return .nothing }
            let sorted = matrix.rows.sorted {
                ($0.recall ?? 2, $0.label) < ($1.recall ?? 2, $1.label)
            }
            let shown = sorted.prefix(contents.detail.classes)
            return .joined([
                DataTable(
                    label: "Classes",
                    heads: [
                        .text("class"), .number("samples"), .number("accuracy"), .number("interval of 95 %"),
                        .number("precision"), .number("F1"), .text("most often taken for"),
                        .number("samples so"),
                    ], rows: shown.map { Self.cells($0, run) }, isSortable: true,
                    caption:
                        "Accuracy is the share of the class that was found (recall), with its interval (Wilson)."
                ).markup,
                shown.count < sorted.count
                    ? .paragraph(
                        "The \(shown.count) classes with the lowest accuracy of \(sorted.count) are shown.")
                    : .nothing,
            ])
        }
    }

    private static func cells(_ row: ConfusionMatrix.Row, _ run: RecordedRun) -> [DataTable.Cell] {
        let interval = row.recall.flatMap { WilsonInterval.of(share: $0, count: row.count) }
        let words = interval.map {
            "\(NumberText.percent($0.lowerBound, digits: 0)) to \(NumberText.percent($0.upperBound, digits: 0))"
        }
        return [
            .name(run.className(row.label)), .count(row.count),
            .number(NumberText.percent(row.recall, digits: 1), row.recall, bar: row.recall),
            .number(words ?? NumberText.missing, interval?.lowerBound),
            .number(NumberText.percent(row.precision, digits: 1), row.precision),
            .number(NumberText.percent(row.f1, digits: 1), row.f1),
            .name(row.rival.map { run.className($0.label) } ?? ""),
            .count(row.rival?.count),
        ]
    }
}
