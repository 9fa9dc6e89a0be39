/// A JSON value as a safetensors header holds it; members keep their order.
enum HeaderJSON: Equatable {
    case object([(key: String, value: HeaderJSON)])
    case array([HeaderJSON])
    case string(String)
    /// The digits as written: converting is left to whoever knows the range.
    case number(String)
    /// `true`, `false` or `null`, none of which a header needs.
    case literal(String)

    static func == (left: HeaderJSON, right: HeaderJSON) -> Bool {
        switch (left, right) {
        case (.object(let first), .object(let second)):
            first.elementsEqual(second) { $0.key == $1.key && $0.value == $1.value }
        case (.array(let first), .array(let second)): first == second
        case (.string(let first), .string(let second)): first == second
        case (.number(let first), .number(let second)): first == second
        case (.literal(let first), .literal(let second)): first == second
        default: false
        }
    }

    /// The value as a non-negative integer; nil for fractions, exponents, signs and what does not fit.
    var index: Int? {
        guard case .number(let digits) = self, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        return Int(digits)
    }

    /// The value as a list of non-negative integers.
    var indices: [Int]? {
        guard case .array(let values) = self else { return nil }
        let indices = values.compactMap(\.index)
        return indices.count == values.count ? indices : nil
    }
}

/// Where and why a text is not the JSON of a header.
struct HeaderJSONError: Error {
    /// Offset in bytes from the beginning of the text.
    let offset: Int
    let reason: String
}
