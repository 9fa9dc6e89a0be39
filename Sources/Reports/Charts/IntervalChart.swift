/// Values with their intervals, one below the other, each below its name.
struct IntervalChart {
    /// A value and its interval, shares.
    struct Row {
        let name: String
        let value: Double
        let low: Double
        let high: Double
    }

    let title: String
    var note = ""
    let rows: [Row]
    /// What stands below.
    let label: String
    /// Differences within this of 0 do not matter; nil: values are no differences.
    var margin: Double?

    private static let rowHeight = 36.0
    private static let mostRows = 60

    /// The chart with its table; nothing where there is nothing to show.
    var figure: Markup {
        let shown = rows.filter { [$0.value, $0.low, $0.high].allSatisfy(ChartAxis.shows) }.prefix(
            Self.mostRows)
        guard !shown.isEmpty else { return .nothing }
        let zero: [Double] = margin.map { [0, $0, -$0] } ?? []
        let axis = ChartAxis((shown.flatMap { [$0.low, $0.high] } + zero).map { $0 * 100 })
        var frame = ChartFrame(
            horizontal: axis, vertical: ChartAxis([0, 1]),
            height: Double(shown.count) * Self.rowHeight + 56)
        frame.left = 14
        let lines = shown.enumerated().map {
            Self.line($1, at: frame.top + Double($0) * Self.rowHeight, frame)
        }
        let description = shown.prefix(12).map {
            "\($0.name): \(NumberText.percent($0.value)), \(NumberText.percent($0.low)) to \(NumberText.percent($0.high))"
        }.joined(separator: "; ")
        return ChartFrame.figure(
            title, note: note,
            frame.picture(
                title: title, description: description, ground(frame), .joined(lines)),
            table: DataTable(
                label: "Data of \(title)",
                heads: [.text("name"), .number("value"), .number("from"), .number("to")],
                rows: shown.map { row in
                    let values = [row.value, row.low, row.high]
                    return [DataTable.Cell.name(row.name)]
                        + values.map { DataTable.Cell.number(NumberText.percent($0), $0) }
                }
            ).markup)
    }

    /// Numbers below, and what does not matter.
    private func ground(_ frame: ChartFrame) -> Markup {
        let foot = frame.height - frame.bottom
        let lines = frame.horizontal.ticks.map {
            "M\(NumberText.pair(frame.x($0), frame.top))V\(NumberText.coordinate(foot))"
        }.joined()
        var parts = [Markup.empty("path", ["class": "g", "d": lines])]
        if let margin {
            let (from, to) = (frame.x(-margin * 100), frame.x(margin * 100))
            parts += [
                .empty(
                    "rect",
                    [
                        "class": "zone", "x": NumberText.coordinate(from),
                        "y": NumberText.coordinate(frame.top), "width": NumberText.coordinate(to - from),
                        "height": NumberText.coordinate(foot - frame.top),
                    ]),
                .empty(
                    "path",
                    [
                        "class": "b",
                        "d": "M\(NumberText.pair(frame.x(0), frame.top))V\(NumberText.coordinate(foot))",
                    ]),
            ]
        }
        parts += frame.horizontal.ticks.map {
            ChartFrame.text(NumberText.short($0), x: frame.x($0), y: foot + 17, anchor: "middle")
        }
        parts.append(ChartFrame.text(label, x: frame.width / 2, y: frame.height - 6, anchor: "middle"))
        return .joined(parts)
    }

    private static func line(_ row: Row, at top: Double, _ frame: ChartFrame) -> Markup {
        let (from, to, place) = (frame.x(row.low * 100), frame.x(row.high * 100), frame.x(row.value * 100))
        let middle = top + 24
        let ends = [from, to].map { "M\(NumberText.pair($0, middle - 5))v10" }.joined()
        return .joined([
            ChartFrame.text(row.name, x: frame.left, y: top + 12, anchor: "start", isFaint: false),
            .empty(
                "path",
                [
                    "class": "l s0",
                    "d": "M\(NumberText.pair(from, middle))H\(NumberText.coordinate(to))\(ends)",
                ]),
            .empty(
                "path", ["class": "m s0", "d": "M\(NumberText.pair(place, middle))\(SeriesStyle(0).mark)"]),
        ])
    }
}
