/// The cyclic redundancy check of Castagnoli's polynomial, by which TensorBoard tells damaged records.
///
/// Castagnoli, Bräuer and Herrmann, Optimization of cyclic redundancy-check codes with 24 and 32 parity bits, IEEE
/// Transactions on Communications 41, 1993. Bits are reflected; "123456789" gives 0xE3069283.
package enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    /// The check of some bytes.
    package static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { value, byte in
            value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)]
        }
    }

    /// The check as records have it: rotated and shifted, as a check of bytes that hold their own check finds little.
    package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let value = of(bytes)
        return (value >> 15 | value << 17) &+ 0xA282_EAD8
    }
}
