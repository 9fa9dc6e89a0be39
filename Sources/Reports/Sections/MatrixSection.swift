/// The confusion matrix: all counts of few classes; of many an overview and the largest.
struct MatrixSection {
    private let contents: ReportContents

    /// Classes up to which the matrix itself is what one sees first.
    private static let fewClasses = 20
    /// Rows and columns of an overview.
    private static let blocks = 50
    /// Confusions that are listed.
    private static let listed = 30

    init(_ contents: ReportContents) { self.contents = contents }

    /// The matrix of each run.
    var content: Markup {
        contents.each { _, run in
            guard let matrix = ConfusionMatrix(run.record) else { return .nothing }
            let isFew = matrix.classCount <= min(Self.fewClasses, contents.detail.matrixClasses)
            let isWhole = matrix.classCount <= contents.detail.matrixClasses
            return .joined([
                isFew
                    ? Self.table(matrix, run)
                    : .element("div", ["class": "figures"], overview(matrix, run), Self.largest(matrix, run)),
                isWhole && !isFew
                    ? .details("All counts of \(matrix.classCount) classes", Self.table(matrix, run))
                    : .nothing,
                !isWhole
                    ? .paragraph(
                        "With \(matrix.classCount) classes not all counts are written here; the table of classes says what each was most often taken for."
                    ) : .nothing,
            ])
        }
    }

    private func overview(_ matrix: ConfusionMatrix, _ run: RecordedRun) -> Markup {
        let values = matrix.aggregated(Self.blocks)
        let together = (matrix.classCount + Self.blocks - 1) / Self.blocks
        return HeatMap(
            title: "Truth and prediction",
            note: together > 1
                ? "a cell is \(together) by \(together) neighboring classes; shares of the truth"
                : "shares of the truth, in the order of the classes",
            rowNames: [], columnNames: [], values: values, labels: ("truth", "prediction"),
            table: DataTable(
                label: "Diagonal of the overview",
                heads: [.text("classes"), .number("on the diagonal")],
                rows: values.indices.map { block in
                    let first = block * together
                    let last = min(first + together, matrix.classCount) - 1
                    let name = run.className(first) + (last > first ? " to \(run.className(last))" : "")
                    return [
                        .name(name), .number(NumberText.percent(values[block][block]), values[block][block]),
                    ]
                }
            ).markup
        ).figure
    }

    private static func largest(_ matrix: ConfusionMatrix, _ run: RecordedRun) -> Markup {
        let cells = matrix.largest(listed)
        guard !cells.isEmpty else { return .paragraph("No class was taken for another.") }
        return DataTable(
            label: "Largest confusions",
            heads: [.text("truth"), .text("prediction"), .number("samples"), .number("of the truth")],
            rows: cells.map { cell in
                let share = Double(cell.count) / Double(max(1, matrix.rows[cell.truth].count))
                return [
                    .name(run.className(cell.truth)), .name(run.className(cell.prediction)),
                    .count(cell.count), .number(NumberText.percent(share, digits: 1), share),
                ]
            }, isSortable: true, caption: "The \(cells.count) confusions that happened most often"
        ).markup
    }

    /// All counts; shades are shares of the truth.
    private static func table(_ matrix: ConfusionMatrix, _ run: RecordedRun) -> Markup {
        let names = (0..<matrix.classCount).map { Markup.name(run.className($0)) }
        let heads = names.map { Markup.element("th", ["scope": "col"], .element("span", [:], $0)) }
        let rows = matrix.counts.enumerated().map { truth, row in
            let sum = Double(max(1, matrix.rows[truth].count))
            let cells = (0..<matrix.classCount).map { prediction in
                let count = row[prediction] ?? 0
                let shade = "h\(HeatMap.shade(Double(count) / sum))"
                return Markup.element(
                    "td", ["class": truth == prediction ? shade + " d" : shade],
                    count == 0 ? .nothing : "\(count)")
            }
            return Markup.element(
                "tr", content: [Markup.element("th", ["scope": "row"], names[truth])] + cells)
        }
        return DataTable.scrolling(
            "Confusion matrix",
            .element(
                "table", ["class": "matrix"],
                .element(
                    "caption", [:], "Rows are the truth, columns the predictions; right ones are framed."),
                .element(
                    "thead", [:],
                    .element("tr", content: [Markup.element("th", ["scope": "col"], "truth")] + heads)),
                .element("tbody", content: rows)))
    }
}
