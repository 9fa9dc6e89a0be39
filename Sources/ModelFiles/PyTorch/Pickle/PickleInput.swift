/// The bytes of a pickle, read from the front; every length is checked against what is left.
struct PickleInput {
    private let bytes: [UInt8]
    private(set) var position: Int

    /// A line of digits or a name; longer ones are damage.
    private static let longestLine = 1 << 16

    init(_ bytes: [UInt8], from position: Int) { (self.bytes, self.position) = (bytes, position) }

    var left: Int { bytes.count - position }

    func damaged(_ problem: String) -> WeightFileFailure {
        WeightFileFailure(
            .damaged, "its pickle is damaged at byte \(position): \(problem); copy the file again")
    }

    mutating func byte() throws(WeightFileFailure) -> UInt8 {
        guard position < bytes.count else { throw damaged("it ends too early") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func take(_ count: Int) throws(WeightFileFailure) -> ArraySlice<UInt8> {
        guard count >= 0, count <= left else {
            throw damaged("\(count) bytes are announced, \(left) are left")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A little-endian number of `count` bytes, at most eight, without a sign.
    mutating func unsigned(_ count: Int) throws(WeightFileFailure) -> UInt64 {
        var value: UInt64 = 0
        for (place, byte) in try take(count).enumerated() { value |= UInt64(byte) << UInt64(8 * place) }
        return value
    }

    /// A length of `count` bytes.
    mutating func length(_ count: Int) throws(WeightFileFailure) -> Int {
        let value = try unsigned(count)
        guard value <= UInt64(left) else {
            throw damaged("\(value) bytes are announced, \(left) are left")
        }
        return Int(value)
    }

    mutating func text(_ count: Int) throws(WeightFileFailure) -> String {
        String(decoding: try take(count), as: UTF8.self)
    }

    /// The text up to the end of the line, which is skipped.
    mutating func line() throws(WeightFileFailure) -> String {
        let end = bytes[position...].prefix(Self.longestLine).firstIndex(of: UInt8(ascii: "\n"))
        guard let end else { throw damaged("a line does not end") }
        let text = try text(end - position)
        position += 1
        return text
    }
}
