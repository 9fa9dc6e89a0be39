/// Floats of eight bits, as exponent and mantissa divide them: sign, E bits of exponent, M of mantissa.
///
/// Micikevicius et al., FP8 formats for deep learning, 2022; the forms without infinities and negative zero (FNUZ) are
/// those of Noune et al., 8-bit numerical formats for deep neural networks, 2022; E8M0 is the scale of the Open Compute
/// Project's microscaling formats, 2023.
enum EightBitFloat {
    /// Four bits of exponent with bias 7; no infinity, and NaN has all bits set behind the sign.
    static func e4m3(_ bits: UInt8) -> Float {
        bits & 0x7F == 0x7F ? .nan : value(bits, mantissaBits: 3, bias: 7)
    }

    /// Four bits of exponent with bias 8; NaN stands where negative zero would.
    static func e4m3FNUZ(_ bits: UInt8) -> Float {
        bits == 0x80 ? .nan : value(bits, mantissaBits: 3, bias: 8)
    }

    /// Five bits of exponent with bias 16; NaN stands where negative zero would.
    static func e5m2FNUZ(_ bits: UInt8) -> Float {
        bits == 0x80 ? .nan : value(bits, mantissaBits: 2, bias: 16)
    }

    /// A power of two, with bias 127 and without a sign; NaN has all bits set.
    static func e8m0(_ bits: UInt8) -> Float {
        bits == 0xFF ? .nan : Float(sign: .plus, exponent: Int(bits) - 127, significand: 1)
    }

    private static func value(_ bits: UInt8, mantissaBits: Int, bias: Int) -> Float {
        let mantissa = Float(bits & (1 << mantissaBits - 1)) / Float(1 << mantissaBits)
        let exponent = Int(bits & 0x7F) >> mantissaBits
        return Float(
            sign: bits & 0x80 == 0 ? .plus : .minus, exponent: max(exponent, 1) - bias,
            significand: exponent == 0 ? mantissa : 1 + mantissa)
    }
}
