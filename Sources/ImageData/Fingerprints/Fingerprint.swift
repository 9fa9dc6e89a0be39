internal import Tensors

/// A 64-bit summary of numbers and texts, to notice that two ranks or two runs see different data.
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

    /// Adds a text and its length.
    mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        for byte in text.utf8 { add(UInt64(byte)) }
    }
}
