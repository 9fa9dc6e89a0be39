/// The upper 16 bits of a 32-bit floating-point number: its sign, its whole exponent and 8 bits of precision.
enum BFloat16 {
    /// The bits of the nearest such number, the even one of two that are equally near. NaN stays NaN.
    @inline(__always)
    static func bits(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        // Rounding up could carry the payload of a NaN into its sign.
        let rounded = bits &+ 0x7FFF &+ ((bits >> 16) & 1)
        let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
        return UInt16(truncatingIfNeeded: (isNaN ? bits | 0x40_0000 : rounded) >> 16)
    }

    /// The number with these bits.
    @inline(__always)
    static func value(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    /// Rounds every element, in place.
    static func round(_ buffer: UnsafeMutableBufferPointer<Float>) {
        for index in buffer.indices { buffer[index] = value(bits(buffer[index])) }
    }
}
