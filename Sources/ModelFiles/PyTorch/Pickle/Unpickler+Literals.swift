extension Unpickler {
    /// The number, text or bytes that an operation holds.
    mutating func literal(_ operation: PickleOperation) throws(WeightFileFailure) -> PickleValue {
        switch operation {
        case .none: return .none
        case .newTrue: return .boolean(true)
        case .newFalse: return .boolean(false)
        case .integer1: return .integer(Int(try input.unsigned(1)))
        case .integer2: return .integer(Int(try input.unsigned(2)))
        case .integer4: return .integer(Int(Int32(truncatingIfNeeded: try input.unsigned(4))))
        case .long1: return long(try input.take(Int(try input.byte())))
        case .long4: return long(try input.take(try input.length(4)))
        case .float8: return .number(Double(bitPattern: try input.unsigned(8).byteSwapped))
        case .integerText, .longText, .floatText, .stringText, .unicodeText:
            return try textLiteral(operation)
        case .string1, .unicode1: return .text(try input.text(try input.length(1)))
        case .string4, .unicode4: return .text(try input.text(try input.length(4)))
        case .unicode8: return .text(try input.text(try input.length(8)))
        case .bytes1: return .bytes(Array(try input.take(try input.length(1))))
        case .bytes4: return .bytes(Array(try input.take(try input.length(4))))
        case .bytes8, .byteArray8: return .bytes(Array(try input.take(try input.length(8))))
        default: throw input.damaged("an operation is out of place")
        }
    }

    /// A little-endian number in two's complement.
    private func long(_ bytes: ArraySlice<UInt8>) -> PickleValue {
        guard bytes.count <= 8 else { return .largeInteger }
        let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
        var bits: UInt64 = isNegative ? .max : 0
        for byte in bytes.reversed() { bits = bits << 8 | UInt64(byte) }
        return .integer(Int(truncatingIfNeeded: bits))
    }

    /// Protocol 0 writes everything as lines of text.
    private mutating func textLiteral(_ operation: PickleOperation) throws(WeightFileFailure) -> PickleValue {
        let line = try input.line()
        switch operation {
        case .integerText where line == "00": return .boolean(false)
        case .integerText where line == "01": return .boolean(true)
        case .integerText, .longText:
            let digits = line.hasSuffix("L") ? String(line.dropLast()) : line
            if let value = Int(digits) { return .integer(value) }
            guard !digits.isEmpty, digits.utf8.drop(while: { $0 == 0x2D }).allSatisfy({ $0 ^ 0x30 < 10 })
            else { throw input.damaged("'\(line.excerpt)' is not a whole number") }
            return .largeInteger
        case .floatText:
            guard let value = Double(line) else { throw input.damaged("'\(line.excerpt)' is not a number") }
            return .number(value)
        case .stringText:
            guard line.utf8.count >= 2, let quote = line.utf8.first, quote == line.utf8.last,
                quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
            else { throw input.damaged("a text is not in quotation marks") }
            // No name of a tensor needs an escape.
            return .text(String(line.dropFirst().dropLast()))
        default: return .text(line)
        }
    }
}
