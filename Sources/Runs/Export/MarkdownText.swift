internal import Hosts

/// Text in Markdown, as GitHub and the hubs read it.
enum MarkdownText {
    /// Text that stands for itself: nothing in it is markup or the end of a cell.
    ///
    /// - Parameters:
    ///   - limit: Characters that are shown at most.
    ///   - isPrinted: Whether people read it as it is written, too, as in the table on a terminal. Punctuation that is
    ///     markup in some places only then stays as it is, so that `method.trade-off=0.1` can be read and copied. The
    ///     price is that an address in it may become a link; a model card, which is published, leaves no such thing.
    static func escaped(_ text: String, atMost limit: Int = 200, isPrinted: Bool = false) -> String {
        var escaped = ""
        for scalar in text.printable(atMost: limit, keepsLines: false).unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case _ where isPrinted ? isAlwaysMarkup(scalar) : isPunctuation(scalar):
                escaped += "\\\(scalar)"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// What may be markup wherever it stands in a line.
    private static func isAlwaysMarkup(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\\", "|", "`", "*", "_", "~", ">", "[", "]": true
        default: false
        }
    }

    /// What may be markup somewhere; commas, hyphens and apostrophes are only where a line begins with them.
    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ",", "-", "'": false
        case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
        default: false
        }
    }

    /// A table; cells are markup.
    static func table(_ heads: [String], _ rows: [[String]]) -> [String] {
        func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
        return [line(heads), line(heads.map { _ in "---" })] + rows.map(line)
    }

    /// A block of code, which the caller wrote.
    static func code(_ language: String, _ lines: [String]) -> [String] {
        ["```\(language)"] + lines + ["```"]
    }
}
