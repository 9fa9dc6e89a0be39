internal import Foundation

/// Lines of comma-separated values (RFC 4180).
enum CSVText {
    /// One line, with its end. A value that holds a comma, a quote or an end of line is quoted.
    static func line(_ values: [String]) -> String { values.map(quoted).joined(separator: ",") + "\n" }

    private static func quoted(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else {
            return text
        }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
