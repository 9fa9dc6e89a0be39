internal import Regularizers

/// What the method did: how far the weights went, and what only some methods have.
struct MethodSection {
    private let contents: ReportContents

    init(_ contents: ReportContents) { self.contents = contents }

    /// Distances of all runs together, then the pictures of each.
    var content: Markup {
        .joined([
            distances,
            contents.each { number, run in
                .joined([
                    run.relationship.map { RelationshipFigures($0).markup } ?? .nothing,
                    AttentionFigures(run, number, contents.store).markup, spectra(run), queues(run),
                ])
            },
        ])
    }

    // MARK: Distance from the start

    private var distances: Markup {
        let groups = contents.groups.filter { $0.runs.contains { !($0.log?.layers ?? []).isEmpty } }
            .prefix(ReportDetail.linesInChart)
        guard !groups.isEmpty else { return .nothing }
        let logs = groups.compactMap { group in
            group.runs.lazy.compactMap(\.log).first { !$0.layers.isEmpty }.map {
                (name: group.title, log: $0)
            }
        }
        return .element(
            "div", ["class": "figures"],
            LineChart(
                title: "Distance of the weights from the start",
                note: "of all weight matrices and kernels but the head's (L2)",
                series: groups.map { $0.series({ $0.distance }, atMost: contents.detail.points) },
                includesZero: true
            ).figure,
            LineChart(
                title: "Distance by layer", note: "at the end, divided by the norm at the start",
                label: "layer, from the first to the last",
                series: logs.map { name, log in
                    LineChart.Series(
                        name,
                        log.layers.enumerated().map { LineChart.Point(Double($0 + 1), $1.relative) })
                }, includesZero: true, table: Self.layerTable(logs)
            ).figure)
    }

    private static func layerTable(_ logs: [(name: String, log: MetricsLog)]) -> Markup {
        guard let longest = logs.map({ $0.log.layers }).max(by: { $0.count < $1.count }) else {
            return .nothing
        }
        let columns = logs.map { _, log in
            Dictionary(log.layers.map { ($0.name, $0.relative) }) { first, _ in first }
        }
        return DataTable(
            label: "Distance by layer",
            heads: [DataTable.Head.text("number"), .text("layer")]
                + logs.map { DataTable.Head.number($0.name) },
            rows: longest.prefix(400).enumerated().map { place, layer in
                let values = columns.map { column in
                    let value = column[layer.name] ?? nil
                    return DataTable.Cell.number(NumberText.short(value), value)
                }
                return [DataTable.Cell.name("\(place + 1)"), .name(layer.name)] + values
            }
        ).markup
    }

    // MARK: BSS

    private func spectra(_ run: RecordedRun) -> Markup {
        guard let spectra = run.log?.spectra, let last = spectra.last else { return .nothing }
        let moments = Set([0, (spectra.count - 1) / 3, (spectra.count - 1) * 2 / 3, spectra.count - 1])
        func value(_ name: String, _ pick: ([Double]) -> Double?) -> LineChart.Series {
            LineChart.Series(name, spectra.map { LineChart.Point($0.step, pick($0.values)) })
        }
        return .element(
            "div", ["class": "figures"],
            LineChart(
                title: "Singular values of a batch's features", note: "at some moments",
                label: "number of the singular value, largest first",
                series: moments.sorted().map { moment in
                    LineChart.Series(
                        "step \(NumberText.short(spectra[moment].step))",
                        spectra[moment].values.enumerated().map { LineChart.Point(Double($0 + 1), $1) })
                }, isLogarithmic: true
            ).figure,
            LineChart(
                title: "Singular values over the steps",
                note: "\(last.values.count) of them; batch spectral shrinkage lowers the smallest",
                series: [
                    value("largest", \.first), value("middle") { $0[$0.count / 2] },
                    value("smallest", \.last),
                ], isLogarithmic: true
            ).figure)
    }

    // MARK: Bi-Tuning

    private func queues(_ run: RecordedRun) -> Markup {
        guard let queues = run.record?.queues else { return .nothing }
        return .element(
            "div", ["class": "figures"],
            ScatterChart(
                title: "Queue of classification keys",
                note: "the key encoder's predictions, on their two principal axes", points: queues.features,
                name: run.className
            ).figure,
            ScatterChart(
                title: "Queue of projection keys",
                note: "the key encoder's projections, on their two principal axes",
                points: queues.projections, name: run.className
            ).figure)
    }
}
