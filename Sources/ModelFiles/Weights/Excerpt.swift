extension String {
    /// Text from a file as a message may show it: at most 100 characters, none of them a control character.
    package var excerpt: String {
        var text = ""
        for (place, scalar) in unicodeScalars.enumerated() {
            guard place < 100 else { return text + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: text += "?"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension [String] {
    /// The first names of a list, in quotation marks, and how many others there are.
    package func listed(atMost limit: Int = 8) -> String {
        let shown = prefix(limit).map { "'\($0.excerpt)'" }.joined(separator: ", ")
        return count > limit ? "\(shown) and \(count - limit) others" : shown
    }
}
