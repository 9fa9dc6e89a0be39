/// Lines of comma-separated values (RFC 4180).
enum CSVText {
    /// One line, with its end. A value that holds a comma, a quote or an end of line is quoted.
    static func line(_ values: [String]) -> String {
        values.map { value in
            value.contains(where: { ",\"\n\r".contains($0) || $0.isNewline })
                ? "\"" + value.replacing("\"", with: "\"\"") + "\"" : value
        }.joined(separator: ",") + "\n"
    }
}
