internal import CVectors

/// The upper 16 bits of a 32-bit floating-point number: its sign, its whole exponent and 8 bits of precision.
enum BFloat16 {
    /// The bits of the nearest such number, the even one of two that are equally near. NaN stays NaN.
    @inline(__always)
    static func bits(_ value: Float) -> UInt16 { cvectors_bfloat16(value) }

    /// The number nearest to a 64-bit one, rounded once: by way of 32 bits it could be rounded up twice.
    @inline(__always)
    static func nearest(_ value: Double) -> Float {
        let narrow = Float(value)
        guard narrow.isFinite, Double(narrow) != value else { return Self.value(bits(narrow)) }
        // Rounded to odd: the last bit says that there was more, so that the second rounding knows.
        let isLarger = Double(narrow.magnitude) > value.magnitude
        let odd = (narrow.bitPattern &- (isLarger ? 1 : 0)) | 1
        return Self.value(bits(Float(bitPattern: odd)))
    }

    /// The number with these bits.
    @inline(__always)
    static func value(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    /// Rounds every element, in place.
    static func round(_ buffer: UnsafeMutableBufferPointer<Float>) {
        for index in buffer.indices { buffer[index] = value(bits(buffer[index])) }
    }
}
