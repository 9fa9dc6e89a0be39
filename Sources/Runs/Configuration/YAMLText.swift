/// A value to be written as YAML.
///
/// Written here and not by the parser library, so that order, quotes and numbers are ours: every YAML reader,
/// of version 1.1 or 1.2, gets the same value from the text.
package enum YAMLValue {
    /// No value.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// A whole number.
    case integer(any BinaryInteger & Sendable)
    /// A finite number, in as many digits as it takes to read the same again.
    case number(Double)
    /// A name or path.
    case text(String)
    /// Values in brackets, on one line.
    case list([YAMLValue])
    /// Keys and values, a line each.
    case mapping([YAMLEntry])

    /// Text, or null for nil.
    static func optionalText(_ value: String?) -> YAMLValue { value.map(YAMLValue.text) ?? .null }

    /// A whole number, or null for nil.
    static func optionalInteger(_ value: Int?) -> YAMLValue { value.map(YAMLValue.integer) ?? .null }

    /// A number, or null for nil.
    static func optionalNumber(_ value: Double?) -> YAMLValue { value.map(YAMLValue.number) ?? .null }
}

/// A key and its value, to be written as YAML.
package struct YAMLEntry {
    /// The key, kebab-case.
    package let key: String
    /// The value of the key.
    let value: YAMLValue

    /// A key with a value.
    init(_ key: String, _ value: YAMLValue) {
        self.key = key
        self.value = value
    }

    /// The lines of some entries, each ended, indented by two spaces a level.
    package static func text(_ entries: [YAMLEntry], level: Int = 0) -> String {
        let indentation = String(repeating: "  ", count: level)
        return entries.map { entry in
            if case .mapping(let inner) = entry.value {
                return "\(indentation)\(entry.key):\n\(text(inner, level: level + 1))"
            }
            return "\(indentation)\(entry.key): \(entry.value.inline)\n"
        }.joined()
    }
}

extension YAMLValue {
    /// The value on one line.
    var inline: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): Self.digits(value)
        case .text(let value): Self.quotedIfNeeded(value)
        case .list(let values): "[\(values.map(\.inline).joined(separator: ", "))]"
        case .mapping(let entries):
            "{\(entries.map { "\($0.key): \($0.value.inline)" }.joined(separator: ", "))}"
        }
    }

    /// The shortest digits that read the same again; YAML 1.1 takes `1e-05` for text, so a point comes first.
    private static func digits(_ value: Double) -> String {
        let text = "\(value)"
        guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
        return "\(text[..<exponent]).0\(text[exponent...])"
    }

    /// The text, in quotes unless it cannot be taken for anything else.
    private static func quotedIfNeeded(_ text: String) -> String {
        let isPlain = text.wholeMatch(of: /[A-Za-z\/][-A-Za-z0-9_.\/]*/) != nil
        let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        if isPlain && !reserved.contains(text.lowercased()) { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": return "\\\(scalar)"
            case _ where scalar.properties.generalCategory == .control || scalar == "\u{FEFF}":
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            case "\u{2028}", "\u{2029}": return "\\u" + String(scalar.value, radix: 16)
            default: return String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
