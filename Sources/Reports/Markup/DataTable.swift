/// A table of the page. It scrolls by itself where it is wider than the page, by keyboard too.
struct DataTable {
    /// A cell.
    struct Cell {
        let content: Markup
        /// What a number is sorted by.
        let value: Double?
        let isNumber: Bool

        /// Text that a file says.
        static func name(_ text: String) -> Cell { Cell(content: .name(text), value: nil, isNumber: false) }

        /// Anything.
        static func markup(_ content: Markup) -> Cell { Cell(content: content, value: nil, isNumber: false) }

        /// A number, as it is shown and as it is sorted; a share may have a bar below it.
        static func number(_ text: String, _ value: Double?, bar: Double? = nil) -> Cell {
            Cell(
                content: .joined([Markup(text), bar.map(Markup.bar) ?? .nothing]), value: value,
                isNumber: true)
        }

        /// A whole number.
        static func count(_ number: Int?) -> Cell {
            .number(number.map(String.init) ?? NumberText.missing, number.map(Double.init))
        }

        fileprivate func markup(isHead: Bool) -> Markup {
            if isHead { return .element("th", ["scope": "row"], content) }
            guard isNumber else { return .element("td", [:], content) }
            guard let value, value.isFinite else { return .element("td", ["class": "n"], content) }
            return .element("td", ["class": "n", "data-v": "\(Float(value))"], content)
        }
    }

    /// The title of a column.
    struct Head {
        let title: String
        /// Whether numbers stand below it.
        let isNumber: Bool

        static func text(_ title: String) -> Head { Head(title: title, isNumber: false) }
        static func number(_ title: String) -> Head { Head(title: title, isNumber: true) }
    }

    /// What it is of, for those who do not see it.
    let label: String
    let heads: [Head]
    /// The first cell of a row is its head.
    let rows: [[Cell]]
    var isSortable = false
    var caption: Markup?

    /// The table.
    var markup: Markup {
        let head = heads.map { head in
            Markup.element(
                "th", head.isNumber ? ["scope": "col", "class": "n"] : ["scope": "col"], .name(head.title))
        }
        let body = rows.map { row in
            Markup.element("tr", content: row.enumerated().map { $1.markup(isHead: $0 == 0) })
        }
        return Self.scrolling(
            label,
            .element(
                "table", isSortable ? ["class": "sortable"] : [:],
                caption.map { Markup.element("caption", [:], $0) } ?? .nothing,
                .element("thead", [:], .element("tr", content: head)), .element("tbody", content: body)))
    }

    /// Something wide in a box that scrolls.
    static func scrolling(_ label: String, _ content: Markup) -> Markup {
        .element(
            "div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": label], content)
    }
}

extension Markup {
    /// What is shown when somebody asks for it.
    static func details(_ summary: Markup, _ content: Markup...) -> Markup {
        .element("details", [:], .element("summary", [:], summary), .joined(content))
    }

    /// A paragraph.
    static func paragraph(_ text: Markup) -> Markup { .element("p", [:], text) }

    /// A bar of a share of 100 units, for a cell of a table.
    static func bar(_ share: Double) -> Markup {
        let width = NumberText.coordinate(min(max(share, 0), 1) * 100)
        return .element(
            "svg", ["class": "bar", "viewBox": "0 0 100 8", "aria-hidden": "true"],
            .empty("rect", ["width": width, "height": "8", "class": "f0"]))
    }
}
