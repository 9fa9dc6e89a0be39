/// SplitMix64, keyed by seed, reader and number of the input: each input can be made by itself.
struct Mutation: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64, reader: String, index: Int) {
        state = seed
        for byte in reader.utf8 {
            state ^= UInt64(byte)
            state = next()
        }
        state ^= UInt64(index)
        state = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// Numbers at which arithmetic goes wrong, as files write them in text.
    private static let textNumbers = [
        "-1", "0", "9223372036854775807", "9223372036854775808", "18446744073709551615", "4294967296",
        "1e308", "1e999",
        "-0", ".nan", ".inf", "0x10", "1_000", "NaN", "null", "[]", "{}", "\"\\u0000\"",
        "99999999999999999999999999",
    ]

    /// One of the kinds of damage that files have, in up to four places; half of them near the beginning, where headers
    /// are. One file of forty stays good, so that the table shows that good ones are taken.
    mutating func mutated(_ bytes: [UInt8], isText: Bool) -> [UInt8] {
        guard Int.random(in: 0..<40, using: &self) > 0 else { return bytes }
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let limit = Bool.random(using: &self) ? bytes.count : min(bytes.count, 512)
            let place = Int.random(in: 0..<limit, using: &self)
            switch Int.random(in: 0..<9, using: &self) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2: bytes[place] = [0, 0xFF, 0x7F, 0x80, 0x1B].randomElement(using: &self) ?? 0
            case 3:
                bytes.removeSubrange(place..<min(place + Int.random(in: 1...8, using: &self), bytes.count))
            case 4: bytes.insert(contentsOf: bytes[place..<min(place + 40, bytes.count)], at: place)
            case 5: bytes.removeLast(bytes.count - place)
            case 6: replaceNumber(in: &bytes, near: place)
            case 7 where isText: repeatPart(of: &bytes, at: place)
            default: replaceWord(in: &bytes, at: place)
            }
        }
        return bytes
    }

    /// Replaces the next number in decimal digits.
    private mutating func replaceNumber(in bytes: inout [UInt8], near place: Int) {
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        let number = Self.textNumbers.randomElement(using: &self) ?? ""
        bytes.replaceSubrange(start..<end, with: number.utf8)
    }

    /// Repeats a few bytes up to thousands of times: lines without end, deep nesting.
    private mutating func repeatPart(of bytes: inout [UInt8], at place: Int) {
        let part = Array(bytes[place..<min(place + Int.random(in: 1...4, using: &self), bytes.count)])
        let count = [20, 200, 5000].randomElement(using: &self) ?? 0
        bytes.insert(contentsOf: Array(repeatElement(part, count: count).joined()), at: place)
    }

    /// Overwrites a length or an offset of two, four or eight bytes.
    private mutating func replaceWord(in bytes: inout [UInt8], at place: Int) {
        let width = [2, 4, 8].randomElement(using: &self) ?? 4
        let values: [UInt64] = [
            0, 1, 0x7F, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 40, UInt64(Int64.max), .max,
        ]
        let value = values.randomElement(using: &self) ?? 0
        let isLittle = Bool.random(using: &self)
        for offset in 0..<width where place + offset < bytes.count {
            let shift = UInt64(8 * (isLittle ? offset : width - 1 - offset))
            bytes[place + offset] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }
}
