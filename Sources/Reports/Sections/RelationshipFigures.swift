internal import Hosts
internal import Regularizers
internal import Tensors

/// Co-Tuning's p(source class | target class): which source classes each class resembles, as a table and a map.
struct RelationshipFigures {
    private let relationship: Relationship

    /// Rows and columns of the map, rows of the table, and source classes that are named for each class.
    private static let (mostRows, mostColumns, tableRows, named) = (60, 60, 200, 5)

    /// Characters of a source class's name; several stand in a cell.
    private static let longestName = 60

    init(_ relationship: Relationship) { self.relationship = relationship }

    /// Both.
    var markup: Markup {
        guard relationship.classCount > 0, relationship.sourceClassCount > 0 else { return .nothing }
        let nearest = relationship.nearestSourceClasses(count: Self.named)
        return .joined([map(nearest), table(nearest)])
    }

    private typealias Nearest = [(targetClass: String, sources: [(index: Int, probability: Float)])]

    private func table(_ nearest: Nearest) -> Markup {
        DataTable(
            label: "What each class resembles",
            heads: [
                .text("class"),
                .text(
                    relationship.sourceClassNames == nil
                        ? "source classes, by their numbers" : "source classes"),
            ],
            rows: nearest.prefix(Self.tableRows).map { target, sources in
                let words = sources.map { source in
                    Markup(
                        "\(name(source.index)) (\(NumberText.percent(Double(source.probability), digits: 1)))"
                    )
                }
                return [.name(target), .markup(.joined(words, separator: ", "))]
            }, caption: "The source classes that are most probable for each class (Co-Tuning's relationship)"
        ).markup
    }

    /// The name of a source class, or its number where it has none.
    private func name(_ index: Int) -> String {
        relationship.sourceClassNames?[index].printable(atMost: Self.longestName, keepsLines: false)
            ?? "\(index)"
    }

    /// The source classes that some class resembles most, each beside the others of the same class.
    private func map(_ nearest: Nearest) -> Markup {
        let rows = nearest.prefix(Self.mostRows)
        var columns: [Int] = []
        let each = max(1, Self.mostColumns / max(1, rows.count))
        for (_, sources) in rows {
            for source in sources.prefix(each) where !columns.contains(source.index) {
                columns.append(source.index)
            }
        }
        columns = Array(columns.prefix(Self.mostColumns))
        let elements = relationship.probabilities.elements
        let values = rows.indices.map { row in
            columns.map { Double(elements[row * relationship.sourceClassCount + $0]) }
        }
        let largest = max(values.joined().max() ?? 0, 1e-12)
        return HeatMap(
            title: "p(source class | class)",
            note:
                "the source classes that are most probable for some class; the darkest is \(NumberText.percent(largest, digits: 1))",
            rowNames: rows.map { $0.targetClass }, columnNames: columns.map(name),
            values: values.map { $0.map { $0 / largest } }, labels: ("classes", "source classes"),
            table: DataTable(
                label: "Data of the relationship",
                heads: [DataTable.Head.text("class")]
                    + columns.prefix(Self.columnsOfTable).map { DataTable.Head.number(name($0)) },
                rows: zip(rows, values).map { row, shares in
                    let values = shares.prefix(Self.columnsOfTable).map {
                        DataTable.Cell.number(NumberText.percent($0, digits: 1), $0)
                    }
                    return [DataTable.Cell.name(row.targetClass)] + values
                }
            ).markup
        ).figure
    }

    private static let columnsOfTable = 30
}
