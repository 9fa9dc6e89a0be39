/// DELTA's attention: how unequal the weights of a tap's channels are, and where the tap looks.
struct AttentionFigures {
    private let run: RecordedRun
    private let number: Int
    private let store: PictureStore

    init(_ run: RecordedRun, _ number: Int, _ store: PictureStore) {
        (self.run, self.number, self.store) = (run, number, store)
    }

    /// The chart of weights and the pictures.
    var markup: Markup {
        let taps =
            run.record?.attention?.map { ($0.tap, $0.weights) } ?? run.attention.map { ($0.tap, $0.weights) }
        guard !taps.isEmpty else { return .nothing }
        let chart = LineChart(
            title: "Attention of each tap", note: "weights of its channels, largest first; they add up to 1",
            label: "share of the channels, %",
            series: taps.prefix(ReportDetail.linesInChart).map { tap, weights in
                LineChart.Series(
                    tap,
                    weights.enumerated().map { place, weight in
                        LineChart.Point(100 * Double(place) / Double(max(1, weights.count - 1)), weight)
                    })
            }, isLogarithmic: true
        ).figure
        return .joined([
            .element("div", ["class": "figures"], chart),
            .joined((run.record?.attention ?? []).map(pictures)),
        ])
    }

    private func pictures(_ tap: ReportRecord.TapAttention) -> Markup {
        guard let pictures = run.record?.pictures, !tap.pictures.isEmpty else { return .nothing }
        return .joined([
            .element("h4", [:], "Where ", .name(tap.tap), " looks"),
            .element(
                "ul", ["class": "pictures"],
                content: tap.pictures.map { map in
                    let truth = run.className(pictures[map.picture].label)
                    return .element(
                        "li", [:],
                        store.picture(
                            map.picture, of: run, number: number,
                            title:
                                "\(truth), with the activation of \(tap.tap): \(Self.words(map.heat))"
                        ) { left, top, width, height in
                            Self.heat(map.heat, left, top, width, height)
                        },
                        .element("b", [:], .name(truth)),
                        .element("span", ["class": "faint"], Markup(Self.words(map.heat))))
                }),
        ])
    }

    /// Where the largest value is.
    private static func words(_ heat: [[Double]]) -> String {
        var (best, place) = (-1.0, (0, 0))
        for (row, values) in heat.enumerated() {
            for (column, value) in values.enumerated() where value > best {
                (best, place) = (value, (row, column))
            }
        }
        func third(_ index: Int, _ count: Int, _ names: [String]) -> String {
            names[min(2, index * 3 / max(1, count))]
        }
        return "strongest "
            + third(place.0, heat.count, ["above", "in the middle", "below"]) + ", "
            + third(place.1, heat.first?.count ?? 1, ["left", "middle", "right"])
    }

    /// Shades over a picture.
    private static func heat(
        _ heat: [[Double]], _ left: Double, _ top: Double, _ width: Double, _ height: Double
    ) -> Markup {
        let cell = (width / Double(heat.first?.count ?? 1), height / Double(heat.count))
        var paths = [String](repeating: "", count: 5)
        let shape =
            "h\(NumberText.coordinate(cell.0))v\(NumberText.coordinate(cell.1))h\(NumberText.coordinate(-cell.0))z"
        for (row, values) in heat.enumerated() {
            for (column, value) in values.enumerated() {
                let corner = NumberText.pair(left + Double(column) * cell.0, top + Double(row) * cell.1)
                paths[min(4, Int(value * 5))] += "M\(corner)\(shape)"
            }
        }
        // The weakest fifth shows the picture as it is.
        return .joined(
            paths.enumerated().dropFirst().map { level, path in
                path.isEmpty ? .nothing : .empty("path", ["class": "w\(level)", "d": path])
            })
    }
}
