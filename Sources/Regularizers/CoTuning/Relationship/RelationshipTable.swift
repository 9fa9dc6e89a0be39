internal import Tensors

extension Relationship {
    /// `relationship.csv`: a header `class,0,1,…` of source class numbers, then one row a target class.
    ///
    /// RFC 4180 with line feeds: a name with a comma, a quotation mark or a line break stands in quotation
    /// marks, those inside it doubled. Numbers are the shortest that read back as the same 32-bit floats.
    public func table() -> String {
        var lines = [(["class"] + (0..<sourceClassCount).map { String($0) }).joined(separator: ",")]
        let elements = probabilities.elements
        for (row, name) in classNames.enumerated() {
            let cells = elements[row * sourceClassCount..<(row + 1) * sourceClassCount].map { "\($0)" }
            lines.append(([Self.quotedField(name)] + cells).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A field of a table, in quotation marks where its characters or outer blanks need them.
    private static func quotedField(_ text: String) -> String {
        // By scalar: a carriage return and a line feed together are one character.
        let special = text.unicodeScalars.contains { [",", "\"", "\n", "\r"].contains($0) }
        guard special || text.hasPrefix(" ") || text.hasSuffix(" ") else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
