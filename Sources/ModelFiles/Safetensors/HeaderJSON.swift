/// A JSON value as a safetensors header holds it; members keep their order.
enum HeaderJSON: Equatable {
    /// A name and its value.
    struct Member: Equatable {
        let key: String
        let value: HeaderJSON
    }

    case object([Member])
    case array([HeaderJSON])
    case string(String)
    /// The digits as written: converting is left to whoever knows the range.
    case number(String)
    /// `true`, `false` or `null`, none of which a header needs.
    case literal(String)

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
