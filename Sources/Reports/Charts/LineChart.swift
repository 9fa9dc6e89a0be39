/// Values over steps or any other number, one line or several.
struct LineChart {
    /// A value; nil where there is none, and the line has a gap.
    struct Point {
        let x: Double
        let y: Double?

        init(_ x: Double, _ y: Double?) {
            (self.x, self.y) = (x, y.flatMap { ChartAxis.shows($0) ? $0 : nil })
        }
    }

    /// One line.
    struct Series {
        let name: String
        let points: [Point]
        /// The least and the most at each point, where the line is a mean of several.
        var band: [(x: Double, low: Double, high: Double)] = []

        init(_ name: String, _ points: [Point], band: [(x: Double, low: Double, high: Double)] = []) {
            (self.name, self.points, self.band) = (name, points, band)
        }

        /// Points that can be shown.
        fileprivate var values: [(x: Double, y: Double)] {
            points.compactMap { point in point.y.map { (x: point.x, y: $0) } }
        }
    }

    let title: String
    var note = ""
    /// What stands below.
    var label = "step"
    let series: [Series]
    var isLogarithmic = false
    var includesZero = false
    /// A place that is marked, and its name.
    var mark: (x: Double, name: String)?
    /// A value in words.
    var format: (Double) -> String = { NumberText.short($0) }
    /// Rows of its table at most.
    var rows = 60
    /// What takes the place of the table of its values.
    var table: Markup?

    /// The chart with its legend and table; nothing where there is nothing to show.
    var figure: Markup {
        let shown = series.filter { !$0.values.isEmpty }
        guard !shown.isEmpty else { return .nothing }
        let ranges = shown.flatMap { line in line.band.flatMap { [$0.low, $0.high] } }
        let frame = ChartFrame(
            horizontal: ChartAxis(shown.flatMap { $0.values.map { $0.x } }, isTight: true),
            vertical: ChartAxis(
                shown.flatMap { $0.values.map { $0.y } } + ranges, includesZero: includesZero,
                isLogarithmic: isLogarithmic))
        let lines = shown.enumerated().map { Self.line($1, SeriesStyle($0), frame) }
        let legend = shown.count > 1 ? SeriesStyle.legend(shown.map(\.name)) : .nothing
        return ChartFrame.figure(
            title, note: note, legend,
            frame.picture(
                title: title, description: description(shown), frame.axes(label, format: format),
                marked(frame), .joined(lines)),
            table: table ?? Self.table(title, label, shown, rows: rows, format))
    }

    private func description(_ shown: [Series]) -> String {
        shown.prefix(8).map { line in
            let (first, last) = (line.values.first?.y, line.values.last?.y)
            return "\(line.name): from \(first.map(format) ?? "") to \(last.map(format) ?? "")"
        }.joined(separator: "; ")
    }

    private func marked(_ frame: ChartFrame) -> Markup {
        guard let mark, (0...1).contains(frame.horizontal.place(mark.x)) else { return .nothing }
        let (x, isRight) = (frame.x(mark.x), frame.horizontal.place(mark.x) > 0.5)
        let bottom = NumberText.coordinate(frame.height - frame.bottom)
        return .joined([
            .empty("path", ["class": "b", "d": "M\(NumberText.pair(x, frame.top))V\(bottom)"]),
            ChartFrame.text(
                mark.name, x: x + (isRight ? -5 : 5), y: frame.top + 10, anchor: isRight ? "end" : "start",
                isFaint: false),
        ])
    }

    private static func line(_ line: Series, _ style: SeriesStyle, _ frame: ChartFrame) -> Markup {
        var (path, isOpen) = ("", false)
        for point in line.points {
            if let y = point.y { path += (isOpen ? "L" : "M") + frame.point(point.x, y) }
            isOpen = point.y != nil
        }
        let values = line.values
        let marked = values.count <= 12 ? Array(values.indices) : (0..<7).map { $0 * (values.count - 1) / 6 }
        let marks = marked.map { "M\(frame.point(values[$0].x, values[$0].y))\(style.mark)" }.joined()
        return .joined([
            band(line, style, frame),
            .empty("path", ["class": "l \(style.stroke)", "stroke-dasharray": style.dashes, "d": path]),
            .empty("path", ["class": "m \(style.stroke)", "d": marks]),
        ])
    }

    private static func band(_ line: Series, _ style: SeriesStyle, _ frame: ChartFrame) -> Markup {
        guard line.band.count > 1 else { return .nothing }
        let around =
            line.band.map { frame.point($0.x, $0.high) }
            + line.band.reversed().map { frame.point($0.x, $0.low) }
        return .empty(
            "path", ["class": "band \(style.fill)", "d": "M" + around.joined(separator: "L") + "Z"])
    }

    /// Values at evenly spaced places of each line.
    private static func table(
        _ title: String, _ label: String, _ series: [Series], rows: Int, _ format: (Double) -> String
    ) -> Markup {
        let limit = max(2, rows / series.count)
        var places = Set<Double>()
        for line in series {
            let values = line.values
            let count = min(limit, values.count)
            for row in 0..<count { places.insert(values[row * (values.count - 1) / max(1, count - 1)].x) }
        }
        let columns = series.map { line in
            Dictionary(line.values.map { ($0.x, $0.y) }) { _, last in last }
        }
        return DataTable(
            label: "Data of \(title)",
            heads: [DataTable.Head.text(label)] + series.map { DataTable.Head.number($0.name) },
            rows: places.sorted().map { place in
                let values = columns.map { column in
                    DataTable.Cell.number(column[place].map(format) ?? "", column[place])
                }
                return [DataTable.Cell.name(NumberText.short(place))] + values
            }
        ).markup
    }
}
