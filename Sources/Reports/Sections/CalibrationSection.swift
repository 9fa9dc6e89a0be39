/// Whether the model's probabilities can be believed.
struct CalibrationSection {
    private let contents: ReportContents

    init(_ contents: ReportContents) { self.contents = contents }

    /// The diagram of each run.
    var content: Markup {
        contents.each { _, run in
            let bins = (run.record?.calibration ?? []).filter { $0.count > 0 }
            guard !bins.isEmpty else { return .nothing }
            let error = run.record?.expectedCalibrationError
            let gap = bins.reduce(0) { $0 + ($1.confidence - $1.accuracy) * Double($1.count) }
            let words =
                "Expected calibration error \(NumberText.percent(error)) (Naeini, Cooper, Hauskrecht, 2015): the mean distance of what the model says of its predictions from how often they are right. It is "
                + (gap > 0 ? "surer than it should be." : "less sure than it could be.")
            return .joined([
                .paragraph(Markup(words)), .element("div", ["class": "figures"], Self.chart(bins)),
            ])
        }
    }

    private static func chart(_ bins: [ReportRecord.CalibrationBin]) -> Markup {
        LineChart(
            title: "Probability and accuracy", note: "predictions in ten bins of their probability",
            label: "probability of the prediction, %",
            series: [
                LineChart.Series(
                    "this model", bins.map { LineChart.Point($0.confidence * 100, $0.accuracy * 100) }),
                LineChart.Series(
                    "probabilities that can be believed",
                    [LineChart.Point(0, 0), LineChart.Point(100, 100)]),
            ],
            table: DataTable(
                label: "Data of the calibration",
                heads: [
                    .text("probability"), .number("samples"), .number("mean probability"),
                    .number("accuracy"),
                ],
                rows: bins.map { bin in
                    [
                        .name(
                            "\(NumberText.percent(bin.low, digits: 0)) to \(NumberText.percent(bin.high, digits: 0))"
                        ),
                        .count(bin.count), .number(NumberText.percent(bin.confidence), bin.confidence),
                        .number(NumberText.percent(bin.accuracy), bin.accuracy),
                    ]
                }
            ).markup
        ).figure
    }
}
