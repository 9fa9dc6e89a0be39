/// A strict reader of JSON (RFC 8259) that also refuses a key given twice in one object.
///
/// Foundation's reader keeps one of two equal keys and turns integers into floating point. Both would let
/// a damaged header pass as another, valid one.
struct HeaderJSONReader {
    private let bytes: [UInt8]
    private var position = 0
    /// A header nests three levels deep; deeper text is an attack on the stack.
    private static let deepest = 16
    /// A header has a few values for each of a few thousand tensors; more take memory many times that of the text.
    private static let mostValues = 1 << 21
    private var valueCount = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The value of a whole text; spaces may follow it, nothing else.
    static func read(_ bytes: [UInt8]) throws(HeaderJSONError) -> HeaderJSON {
        var reader = HeaderJSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.failure("text after the end of the object") }
        return value
    }

    private func failure(_ reason: String) -> HeaderJSONError {
        HeaderJSONError(offset: position, reason: reason)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    /// Steps over one character of punctuation, after spaces, if it is there.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = next, byte == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(HeaderJSONError) -> HeaderJSON {
        guard depth < Self.deepest else { throw failure("more than \(Self.deepest) levels of nesting") }
        valueCount += 1
        guard valueCount <= Self.mostValues else { throw failure("more than \(Self.mostValues) values") }
        skipSpace()
        guard let byte = next else { throw failure("the text ends where a value was expected") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default:
            for word in ["true", "false", "null"] where bytes[position...].starts(with: word.utf8) {
                position += word.utf8.count
                return .literal(word)
            }
            throw failure("no value begins here")
        }
    }

    private mutating func object(depth: Int) throws(HeaderJSONError) -> HeaderJSON {
        position += 1
        var members: [HeaderJSON.Member] = []
        var keys: Set<[UInt8]> = []
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a key in quotation marks was expected") }
            let start = position
            let key = try string()
            // By bytes: Swift's strings compare equal for different spellings of one letter.
            guard keys.insert(Array(key.utf8)).inserted else {
                throw HeaderJSONError(offset: start, reason: "the key \"\(key.excerpt)\" is there twice")
            }
            guard take(":") else { throw failure("a colon was expected after \"\(key.excerpt)\"") }
            members.append(.init(key: key, value: try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw failure("a comma or a closing brace was expected") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(HeaderJSONError) -> HeaderJSON {
        position += 1
        var values: [HeaderJSON] = []
        if take("]") { return .array([]) }
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw failure("a comma or a closing bracket was expected") }
        return .array(values)
    }

    private mutating func digits() throws(HeaderJSONError) {
        let start = position
        while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
        guard position > start else { throw failure("a digit was expected") }
    }

    private mutating func number() throws(HeaderJSONError) -> String {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let leading = next
        let first = position
        try digits()
        guard leading != UInt8(ascii: "0") || position == first + 1 else {
            throw failure("a number begins with a zero")
        }
        if next == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }
}

extension HeaderJSONReader {
    /// The text between quotation marks, escapes resolved.
    private mutating func string() throws(HeaderJSONError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("a string is not UTF-8")
                }
                position += 1
                return string
            case UInt8(ascii: "\\"):
                position += 1
                text.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw failure("a control character inside a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape() throws(HeaderJSONError) -> Unicode.Scalar {
        guard let byte = next else { throw failure("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedScalar()
        default: throw failure("an unknown escape in a string")
        }
    }

    /// Four hexadecimal digits, or two groups of them where the first is half of a surrogate pair.
    private mutating func escapedScalar() throws(HeaderJSONError) -> Unicode.Scalar {
        var code = try hexadecimal()
        if code >= 0xD800, code < 0xDC00, bytes[position...].starts(with: "\\u".utf8) {
            position += 2
            let low = try hexadecimal()
            guard low >= 0xDC00, low < 0xE000 else { throw failure("half a surrogate pair in a string") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair in a string") }
        return scalar
    }

    private mutating func hexadecimal() throws(HeaderJSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("four hexadecimal digits were expected") }
        var code: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("four hexadecimal digits were expected")
            }
            code = code << 4 + UInt32(digit)
        }
        position += 4
        return code
    }
}
