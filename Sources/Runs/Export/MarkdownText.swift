internal import Hosts

/// Text in Markdown, as GitHub and the hubs read it.
enum MarkdownText {
    /// The longest text from a file that is shown.
    private static let longest = 200

    /// Text that stands for itself: nothing in it is markup, a link or the end of a cell.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.printable(atMost: longest, keepsLines: false).unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ",", "-", "'": escaped.unicodeScalars.append(scalar)
            case "!"..."/", ":"..."@", "["..."`", "{"..."~": escaped += "\\\(scalar)"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
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
