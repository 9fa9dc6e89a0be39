/// Samples on two axes, a mark and a color a class.
struct ScatterChart {
    let title: String
    var note = ""
    let points: [ReportRecord.PlottedPoint]
    /// The name of a class.
    let name: (Int) -> String

    /// Classes that have a mark of their own; the others share one.
    private static let namedCount = 23

    /// The chart with its legend and a table; nothing where there is nothing to show.
    var figure: Markup {
        let shown = points.filter { ChartAxis.shows($0.x) && ChartAxis.shows($0.y) }
        guard !shown.isEmpty else { return .nothing }
        var groups = Dictionary(grouping: shown, by: \.label).sorted {
            ($1.value.count, $0.key) < ($0.value.count, $1.key)
        }.map { (name: name($0.key), points: $0.value) }
        let rest = Array(groups.dropFirst(Self.namedCount))
        if rest.count > 1 {
            groups = Array(groups.prefix(Self.namedCount))
            groups.append((name: "\(rest.count) other classes", points: rest.flatMap { $0.points }))
        }
        let frame = ChartFrame(
            horizontal: ChartAxis(shown.map(\.x)), vertical: ChartAxis(shown.map(\.y)), height: 340)
        let marks = groups.enumerated().map { place, group in
            let style = SeriesStyle(place)
            return Markup.empty(
                "path",
                [
                    "class": "p \(style.stroke)",
                    "d": group.points.map { "M\(frame.point($0.x, $0.y))\(style.mark)" }.joined(),
                ])
        }
        return ChartFrame.figure(
            title, note: note, SeriesStyle.legend(groups.map { $0.name }, hasLines: false),
            frame.picture(
                title: title,
                description: "\(shown.count) samples of \(groups.count) classes; the table has their means",
                frame.axes("first axis; the second is upright"), .joined(marks)),
            table: Self.table(title, groups))
    }

    private static func table(
        _ title: String, _ groups: [(name: String, points: [ReportRecord.PlottedPoint])]
    ) -> Markup {
        DataTable(
            label: "Data of \(title)",
            heads: [
                .text("class"), .number("samples"), .number("mean, first axis"), .number("mean, second axis"),
            ],
            rows: groups.map { group in
                let count = Double(group.points.count)
                let x = group.points.reduce(0) { $0 + $1.x / count }
                let y = group.points.reduce(0) { $0 + $1.y / count }
                return [
                    .name(group.name), .count(group.points.count), .number(NumberText.short(x), x),
                    .number(NumberText.short(y), y),
                ]
            }
        ).markup
    }
}
