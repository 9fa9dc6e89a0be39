/// What a plain scalar means: the core schema of YAML 1.2, less its octal, hexadecimal and infinite numbers.
///
/// YAML 1.1, which the parser library follows, reads `no` as a boolean, `010` as eight and `1:30` as ninety:
/// surprises that a configuration can do without.
extension ConfigurationNode {
    /// The text of a single value, plain or in quotes; nil for lists and mappings.
    var text: String? {
        guard case .scalar(let text, _) = content else { return nil }
        return text
    }

    /// Whether the value is null: written so, as `~`, or left out after the colon.
    var isNull: Bool {
        guard let plainText else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(plainText)
    }

    /// Whether the value is a word by which people say that something is not to be, or null.
    var meansNothing: Bool {
        guard let plainText else { return false }
        return isNull || ["no", "off", "false", "none", "never", "nil"].contains(plainText.lowercased())
    }

    /// Whether the value is a word that YAML 1.1 takes for a boolean, or `none`.
    var isYesOrNo: Bool {
        guard let plainText else { return false }
        return ["yes", "no", "on", "off", "true", "false", "none"].contains(plainText.lowercased())
    }

    /// The value as a boolean, `true` or `false`.
    var boolean: Bool? {
        switch plainText {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// The value as a whole number, decimal digits with an optional sign.
    func wholeNumber<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number? {
        guard let plainText, plainText.wholeMatch(of: /[-+]?[0-9]+/) != nil else { return nil }
        return Number(plainText)
    }

    /// The value as a finite number, with or without a decimal point and an exponent.
    var number: Double? {
        let syntax = /[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?/
        guard let plainText, plainText.wholeMatch(of: syntax) != nil else { return nil }
        // Too large an exponent gives infinity.
        guard let value = Double(plainText), value.isFinite else { return nil }
        return value
    }

    /// The text of a single value that is not in quotes.
    private var plainText: String? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        return text
    }
}
