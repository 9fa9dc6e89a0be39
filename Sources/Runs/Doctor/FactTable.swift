/// Facts as lines of text: what, where, and what was found, in columns that begin at the same places.
struct FactTable {
    /// A fact. Lines that go on about the same thing leave `name` or `place` empty.
    struct Row {
        let name: String
        let place: String
        let fact: String
    }

    private(set) var rows: [Row] = []

    /// Columns of a line.
    static let width = 100

    /// Adds a fact; a name or place that the line above has is not said again.
    mutating func add(_ name: String, _ place: String = "", _ fact: String) {
        rows.append(Row(name: name, place: place, fact: fact))
    }

    /// The lines. Facts that are too long for one go on below, indented.
    var text: String {
        let nameWidth = rows.map(\.name.count).max() ?? 0
        let placeWidth = rows.map(\.place.count).max() ?? 0
        let indentation = nameWidth + 2 + (placeWidth == 0 ? 0 : placeWidth + 2)
        var lastName = ""
        return rows.map { row in
            let name = row.name == lastName ? "" : row.name
            lastName = row.name
            let head = [(name, nameWidth), (row.place, placeWidth)].filter { $0.1 > 0 }
                .map { $0.0.padded(to: $0.1) + "  " }.joined()
            return row.fact.wrapped(width: Self.width, first: head, indentation: indentation)
        }.joined(separator: "\n")
    }
}

extension String {
    /// The text with spaces behind it, at least so long.
    func padded(to count: Int) -> String {
        self + String(repeating: " ", count: max(0, count - self.count))
    }

    /// The text with spaces before it, at least so long.
    func aligned(to count: Int) -> String {
        String(repeating: " ", count: max(0, count - self.count)) + self
    }

    /// The text in lines of at most `width` characters, broken between words; a longer word has a line of its own.
    ///
    /// - Parameters:
    ///   - width: Characters of a line, indentation included.
    ///   - first: What the first line begins with.
    ///   - indentation: Spaces that further lines begin with.
    func wrapped(width: Int, first: String, indentation: Int) -> String {
        var lines = [first]
        var isEmpty = true
        for paragraph in split(separator: "\n", omittingEmptySubsequences: false) {
            if !isEmpty { (lines, isEmpty) = (lines + [String(repeating: " ", count: indentation)], true) }
            // Runs of spaces are columns, and stay.
            for word in paragraph.split(separator: " ", omittingEmptySubsequences: false) {
                let line = lines[lines.count - 1]
                if isEmpty {
                    lines[lines.count - 1] += word
                } else if line.count + 1 + word.count > width {
                    lines.append(String(repeating: " ", count: indentation) + word)
                } else {
                    lines[lines.count - 1] += " " + word
                }
                isEmpty = false
            }
        }
        return lines.joined(separator: "\n")
    }
}
