/// The picture around the values of a chart: its size, sides and their names.
struct ChartFrame {
    let horizontal: ChartAxis
    let vertical: ChartAxis
    var (width, height) = (400.0, 250.0)
    /// Room beside the values.
    var (left, right, top, bottom) = (56.0, 12.0, 14.0, 42.0)

    init(horizontal: ChartAxis, vertical: ChartAxis, height: Double = 250) {
        (self.horizontal, self.vertical, self.height) = (horizontal, vertical, height)
    }

    /// Where a value stands.
    func x(_ value: Double) -> Double { left + horizontal.place(value) * (width - left - right) }
    /// Where a value stands.
    func y(_ value: Double) -> Double { height - bottom - vertical.place(value) * (height - top - bottom) }

    /// The place of a point, for a path.
    func point(_ x: Double, _ y: Double) -> String { NumberText.pair(self.x(x), self.y(y)) }

    /// Lines and numbers of both sides.
    ///
    /// - Parameters:
    ///   - label: What stands below.
    ///   - format: A value of the vertical side in words.
    func axes(_ label: String, format: (Double) -> String = NumberText.short) -> Markup {
        let (end, foot) = (NumberText.coordinate(width - right), height - bottom)
        let lines = vertical.ticks.map { "M\(NumberText.pair(left, y($0)))H\(end)" }.joined()
        let rows = vertical.ticks.map { tick in
            Self.text(format(tick), x: left - 6, y: y(tick) + 4, anchor: "end")
        }
        let columns = horizontal.ticks.map { tick in
            Self.text(NumberText.short(tick), x: x(tick), y: foot + 17, anchor: "middle")
        }
        let name = Self.text(label, x: (left + width - right) / 2, y: height - 6, anchor: "middle")
        return .joined(
            [.empty("path", ["class": "g", "d": lines])] + rows + columns + [name]
                + [.empty("path", ["class": "a", "d": "M\(NumberText.pair(left, foot))H\(end)"])])
    }

    /// Faint text in a picture.
    static func text(
        _ text: String, x: Double, y: Double, anchor: String, isFaint: Bool = true
    ) -> Markup {
        .element(
            "text",
            [
                "class": isFaint ? "t" : "e", "x": NumberText.coordinate(x), "y": NumberText.coordinate(y),
                "text-anchor": anchor,
            ], .name(text))
    }

    /// The whole picture.
    func picture(title: String, description: String, _ content: Markup...) -> Markup {
        Self.picture(
            width: width, height: height, title: title, description: description, .joined(content))
    }

    /// A picture with what it says in words.
    static func picture(
        width: Double, height: Double, title: String, description: String, isWide: Bool = false,
        _ content: Markup
    ) -> Markup {
        let (columns, rows) = (NumberText.coordinate(width), NumberText.coordinate(height))
        let content = [
            Markup.element("title", [:], Markup(title)), .element("desc", [:], Markup(description)), content,
        ]
        return isWide
            ? .element(
                "svg",
                [
                    "viewBox": "0 0 \(columns) \(rows)", "width": columns, "height": rows, "class": "wide",
                    "role": "img",
                ], content: content)
            : .element("svg", ["viewBox": "0 0 \(columns) \(rows)", "role": "img"], content: content)
    }

    /// A chart with its title above and its numbers below.
    static func figure(_ title: String, note: String, _ picture: Markup..., table: Markup) -> Markup {
        .element(
            "figure", [:],
            .element(
                "figcaption", [:], Markup(title),
                note.isEmpty ? .nothing : .element("small", [:], Markup(note))),
            .joined(picture), .details("Data of this chart", table))
    }
}
