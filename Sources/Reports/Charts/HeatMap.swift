/// A table of shares as shades, in ten steps.
struct HeatMap {
    let title: String
    var note = ""
    /// Names of rows and columns; none are written where there are none.
    let rowNames: [String]
    let columnNames: [String]
    /// Rows of equal length, each value 0 to 1.
    let values: [[Double]]
    /// What rows and columns are.
    let labels: (row: String, column: String)
    let table: Markup

    /// Longer names are cut in the picture; the table has them whole.
    private static let nameLength = 20
    /// How many shades there are.
    static let shades = 10

    /// The picture with its table.
    var figure: Markup {
        let columns = values.first?.count ?? 0
        guard columns > 0 else { return .nothing }
        let longest = rowNames.map { min($0.count, Self.nameLength) }.max() ?? 0
        let left = rowNames.isEmpty ? 20 : Double(longest) * 7.5 + 8
        let longestColumn = columnNames.map { min($0.count, Self.nameLength) }.max() ?? 0
        let top = columnNames.isEmpty ? 20 : max(60, Double(longestColumn) * 7.5 + 8)
        // Cells with names are as large as their names; without names the map is as wide as the page is.
        let side = columnNames.isEmpty ? (380 - left) / Double(columns) : 15
        let height = rowNames.isEmpty ? side : 15
        let size = (left + Double(columns) * side + 8, top + Double(values.count) * height + 8)
        let description =
            "\(values.count) \(labels.row) in rows, \(columns) \(labels.column) in columns; darker is more"
        let picture = ChartFrame.picture(
            width: size.0, height: size.1, title: title, description: description,
            isWide: !columnNames.isEmpty,
            .joined([names(left, top, side, height), cells(left, top, side, height)]))
        return ChartFrame.figure(
            title, note: note, columnNames.isEmpty ? picture : DataTable.scrolling(title, picture),
            table: table)
    }

    private func names(_ left: Double, _ top: Double, _ side: Double, _ height: Double) -> Markup {
        func cut(_ name: String) -> String {
            name.count > Self.nameLength ? String(name.prefix(Self.nameLength - 1)) + "…" : name
        }
        let rows = rowNames.enumerated().map { row, name in
            ChartFrame.text(
                cut(name), x: left - 5, y: top + (Double(row) + 0.5) * height + 4, anchor: "end",
                isFaint: false)
        }
        let columns = columnNames.enumerated().map { column, name in
            Markup.element(
                "text",
                [
                    "class": "t",
                    "transform":
                        "translate(\(NumberText.pair(left + (Double(column) + 0.5) * side + 4, top - 4))) rotate(-90)",
                ], .name(cut(name)))
        }
        let sides =
            columnNames.isEmpty
            ? [
                ChartFrame.text(labels.column + " →", x: left, y: top - 6, anchor: "start"),
                Markup.element(
                    "text",
                    [
                        "class": "t", "transform": "translate(\(NumberText.pair(14, top))) rotate(-90)",
                        "text-anchor": "end",
                    ],
                    Markup("← " + labels.row)),
            ] : []
        return .joined(rows + columns + (rowNames.isEmpty ? sides : Array(sides.prefix(1))))
    }

    /// One path a shade: a cell takes some fifteen bytes.
    private func cells(_ left: Double, _ top: Double, _ side: Double, _ height: Double) -> Markup {
        var paths = [String](repeating: "", count: Self.shades)
        let shape =
            "h\(NumberText.coordinate(side))v\(NumberText.coordinate(height))h\(NumberText.coordinate(-side))z"
        for (row, shares) in values.enumerated() {
            for (column, share) in shares.enumerated() where share > 0 {
                let corner = NumberText.pair(left + Double(column) * side, top + Double(row) * height)
                paths[Self.shade(share)] += "M\(corner)\(shape)"
            }
        }
        let size = (
            NumberText.coordinate(side * Double(values.first?.count ?? 0)),
            NumberText.coordinate(height * Double(values.count))
        )
        let ground = Markup.empty(
            "rect",
            [
                "x": NumberText.coordinate(left), "y": NumberText.coordinate(top), "width": size.0,
                "height": size.1, "class": "h0 edge",
            ])
        return .joined(
            [ground]
                + paths.enumerated().compactMap { shade, path in
                    path.isEmpty ? nil : .empty("path", ["class": "h\(shade)", "d": path])
                })
    }

    /// The shade of a share: its square root, so that small ones are seen.
    static func shade(_ share: Double) -> Int {
        share > 0 ? min(shades - 1, Int(min(share, 1).squareRoot() * Double(shades))) : 0
    }
}
