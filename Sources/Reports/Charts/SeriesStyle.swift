/// How the values of one of several things are told from those of the others: by color, by dashes and by marks, so that
/// each alone suffices.
struct SeriesStyle {
    private let index: Int

    /// How many look different.
    static let count = 24

    init(_ index: Int) { self.index = index % Self.count }

    /// The class of what is stroked: one of four colors.
    var stroke: String { "s\(index % 4)" }
    /// The class of what is filled.
    var fill: String { "f\(index % 4)" }
    /// Lengths of dashes; empty for a solid line.
    var dashes: String { ["", "6 4", "2 4", "10 3 2 3"][(index + index / 4) % 4] }

    /// A mark, for a path that has moved to its place.
    var mark: String {
        [
            "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0", "m-3-3h6v6h-6z", "m0-4l4 7h-8z",
            "m0-4.5l4.5 4.5-4.5 4.5-4.5-4.5z", "m-4 0h8m-4-4v8", "m-3-3l6 6m0-6l-6 6",
        ][(index + index / 4) % 6]
    }

    /// What stands before a name in a legend.
    private func sample(hasLine: Bool) -> Markup {
        .element(
            "svg", ["viewBox": "0 0 36 12", "aria-hidden": "true"],
            hasLine
                ? .empty("path", ["class": "l \(stroke)", "stroke-dasharray": dashes, "d": "M1 6H35"])
                : .nothing,
            .empty("path", ["class": "m \(stroke)", "d": "M18 6\(mark)"]))
    }

    /// The names of several things.
    static func legend(_ names: [String], hasLines: Bool = true) -> Markup {
        .element(
            "ul", ["class": "legend"],
            content: names.enumerated().map { place, name in
                .element(
                    "li", [:], SeriesStyle(place).sample(hasLine: hasLines),
                    .element("span", [:], .name(name)))
            })
    }
}
