internal import Tensors

/// A 64-bit summary of a sequence of words, to notice that two ranks or two runs see different data.
///
/// Not a cryptographic hash: it protects against mistakes, not against intent.
struct Fingerprint {
    private(set) var value: UInt64 = 0

    mutating func add(_ word: UInt64) {
        value = KeyedRandom.mix((value ^ word) &+ 0x9E37_79B9_7F4A_7C15)
    }

    mutating func add(_ integers: [Int]) {
        for integer in integers { add(UInt64(bitPattern: Int64(integer))) }
    }

    /// Adds bytes, eight a word, and their number.
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        add(UInt64(bytes.count))
        var word: UInt64 = 0
        var filled = 0
        for byte in bytes {
            word = word << 8 | UInt64(byte)
            filled += 1
            if filled == 8 {
                add(word)
                word = 0
                filled = 0
            }
        }
        if filled > 0 { add(word) }
    }
}
