/// What happened over the steps: of one run several numbers in a chart, of several runs one number in a chart.
struct CurvesSection {
    private let contents: ReportContents
    private let groups: [RunGroup]

    init(_ contents: ReportContents) {
        self.contents = contents
        groups = contents.groups.filter { group in
            group.runs.contains { ($0.log?.stepCount ?? 0) > 0 || $0.log?.validation != nil }
        }
    }

    /// The charts, and a sentence of what is left out.
    var content: Markup {
        guard let first = groups.first else {
            guard !contents.isEvaluation else { return .nothing }
            return .paragraph("No steps were logged: metrics.jsonl is missing, or the method takes none.")
        }
        let isAlone = groups.count == 1 && first.runs.count == 1
        let shown = groups.prefix(ReportDetail.linesInChart)
        let figures = isAlone ? alone(first) : together(Array(shown))
        guard figures.contains(where: { $0 != .nothing }) else {
            return .paragraph("No steps were logged: the method takes none.")
        }
        return .joined([
            isAlone ? .nothing : words(shown.count),
            .element("div", ["class": "figures"], content: figures),
            isAlone ? .nothing : Self.secondsTable(Array(shown)),
        ])
    }

    private func words(_ shown: Int) -> Markup {
        let bands =
            groups.contains { $0.runs.count > 1 }
            ? "Runs that differ by their seed alone are one line, their mean, with a band from the least to the most. "
            : ""
        let rest = shown < groups.count ? "The first \(shown) of \(groups.count) are drawn." : ""
        return bands + rest == "" ? .nothing : .paragraph(Markup(bands + rest))
    }

    // MARK: One run

    private func alone(_ group: RunGroup) -> [Markup] {
        guard let log = group.runs.first?.log else { return [] }
        let note = log.loss.stepsPerPoint > 1 ? "means of \(log.loss.stepsPerPoint) steps" : ""
        func line(_ name: String, _ curve: SampledCurve) -> LineChart.Series {
            LineChart.Series(name, curve.points(atMost: contents.detail.points))
        }
        let mark = log.bestStep.flatMap { $0 > 0 ? (x: $0, name: "saved model") : nil }
        let isPenalized = (log.penalty.largest ?? 0) > 0
        return [
            LineChart(
                title: "Loss", note: note,
                series: [
                    line("objective", log.loss),
                    isPenalized
                        ? line("classification loss", log.classificationLoss) : LineChart.Series("", []),
                    line("validation", log.validationLoss),
                ], mark: mark
            ).figure,
            LineChart(
                title: "Accuracy", note: note,
                series: [line("training", log.accuracy), line("validation", log.validationAccuracy)],
                mark: mark, format: NumberText.shortPercent
            ).figure,
            isPenalized
                ? LineChart(
                    title: "Penalty", note: "the method's own term before its weight",
                    series: [line("penalty", log.penalty)]
                ).figure : .nothing,
            LineChart(
                title: "Learning rate", note: "of new layers",
                series: [line("learning rate", log.learningRate)], includesZero: true
            ).figure,
            LineChart(
                title: "Images a second", note: "of all ranks",
                series: [line("images a second", log.imagesPerSecond)], includesZero: true
            ).figure,
            LineChart(
                title: "Seconds of a step by part", note: Self.meanSeconds(log),
                series: log.seconds.map { line($0.name, $0.curve) }, includesZero: true
            ).figure,
        ]
    }

    private static func meanSeconds(_ log: MetricsLog) -> String {
        let sum = log.seconds.reduce(0) { $0 + $1.sum }
        guard sum > 0, log.stepCount > 0 else { return "of rank 0" }
        let parts = log.seconds.map { "\($0.name) \(NumberText.percent($0.sum / sum, digits: 0))" }
        return
            "of rank 0; \(NumberText.short(sum / Double(log.stepCount))) s in the mean: \(parts.joined(separator: ", "))"
    }

    // MARK: Several runs

    private func together(_ shown: [RunGroup]) -> [Markup] {
        func chart(
            _ title: String, _ note: String, includesZero: Bool = false,
            format: @escaping (Double) -> String = { NumberText.short($0) },
            _ curve: (MetricsLog) -> SampledCurve
        ) -> Markup {
            LineChart(
                title: title, note: note,
                series: shown.map { $0.series(curve, atMost: contents.detail.points) },
                includesZero: includesZero, format: format
            ).figure
        }
        let percent = NumberText.shortPercent
        let penalized = shown.filter { group in
            group.runs.contains { ($0.log?.penalty.largest ?? 0) > 0 }
        }
        return [
            chart("Validation accuracy", "", format: percent) { $0.validationAccuracy },
            chart("Validation loss", "") { $0.validationLoss },
            chart("Training accuracy", "", format: percent) { $0.accuracy },
            chart("Classification loss in training", "without penalties") { $0.classificationLoss },
            LineChart(
                title: "Penalty", note: "each method's own term before its weight",
                series: penalized.map { $0.series({ $0.penalty }, atMost: contents.detail.points) },
                isLogarithmic: true
            ).figure,
            chart("Learning rate", "of new layers", includesZero: true) { $0.learningRate },
            chart("Images a second", "of all ranks", includesZero: true) { $0.imagesPerSecond },
        ]
    }

    private static func secondsTable(_ groups: [RunGroup]) -> Markup {
        let names = groups.lazy.flatMap(\.runs).compactMap { $0.log?.seconds.map { $0.name } }.first {
            !$0.isEmpty
        }
        guard let names else { return .nothing }
        return DataTable(
            label: "Seconds of a step by part",
            heads: [DataTable.Head.text("run")] + (names + ["step"]).map { DataTable.Head.number($0) },
            rows: groups.map { group in
                let logs = group.runs.compactMap(\.log).filter { $0.seconds.count == names.count }
                let steps = Double(max(1, logs.reduce(0) { $0 + $1.stepCount }))
                let means = names.indices.map { part in
                    logs.reduce(0) { $0 + $1.seconds[part].sum } / steps
                }
                let values = means + [means.reduce(0, +)]
                return [DataTable.Cell.name(group.title)]
                    + values.map { DataTable.Cell.number(NumberText.short($0), $0) }
            }, caption: "Seconds of a step by part, of rank 0, in the mean"
        ).markup
    }
}
