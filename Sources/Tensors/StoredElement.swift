internal import CVectors

/// A type that elements in memory have. Kernels are generic over it and compute in 32-bit floats; the compiler makes
/// one loop of each type.
protocol StoredElement: BitwiseCopyable {
    /// The type in words.
    static var elementType: ElementType { get }

    /// The nearest element to a float, of two that are as near the one with an even mantissa; NaN stays NaN.
    init(rounding value: Float)

    /// The element as a float, exactly.
    var widened: Float { get }

    /// The largest float that is rounded to zero.
    static var largestRoundedToZero: Float { get }

    /// The smallest float that is rounded to a number of this type, or to a larger one.
    static func smallestRounded(to number: Float) -> Float

    /// Eight elements from an offset on.
    static func load(_ pointer: UnsafePointer<Self>, _ offset: Int) -> SIMD8<Float>

    /// Rounds eight floats and writes them from an offset on.
    static func store(_ vector: SIMD8<Float>, _ pointer: UnsafeMutablePointer<Self>, _ offset: Int)
}

extension StoredElement {
    /// Whether it is `bfloat16`, for `CVectors`, which is told by numbers.
    @inline(__always)
    static var isNarrow: Int32 { elementType == .bfloat16 ? 1 : 0 }
}

extension Float: StoredElement {
    static var elementType: ElementType { .float32 }

    static var largestRoundedToZero: Float { 0 }

    static func smallestRounded(to number: Float) -> Float { number }

    @inline(__always)
    init(rounding value: Float) { self = value }

    @inline(__always)
    var widened: Float { self }

    @inline(__always)
    static func load(_ pointer: UnsafePointer<Float>, _ offset: Int) -> SIMD8<Float> {
        UnsafeRawPointer(pointer + offset).loadUnaligned(as: SIMD8<Float>.self)
    }

    @inline(__always)
    static func store(_ vector: SIMD8<Float>, _ pointer: UnsafeMutablePointer<Float>, _ offset: Int) {
        UnsafeMutableRawPointer(pointer + offset).storeBytes(of: vector, as: SIMD8<Float>.self)
    }
}

/// The upper half of a 32-bit float.
struct BFloat16: StoredElement {
    let bits: UInt16

    static var elementType: ElementType { .bfloat16 }

    /// Half of the smallest one above zero: of two that are as near, zero has the even mantissa.
    static var largestRoundedToZero: Float { 0x1p-134 }

    static func smallestRounded(to number: Float) -> Float {
        guard number.isFinite else { return number }
        // In the middle between the number and the one before.
        let middle = Float(bitPattern: number.bitPattern - 0x8000)
        return BFloat16(rounding: middle).widened == number ? middle : middle.nextUp
    }

    @inline(__always)
    init(rounding value: Float) { bits = cvectors_bfloat16(value) }

    @inline(__always)
    var widened: Float { Float(bitPattern: UInt32(bits) << 16) }

    @inline(__always)
    static func load(_ pointer: UnsafePointer<BFloat16>, _ offset: Int) -> SIMD8<Float> {
        SIMD8(
            lowHalf: cvectors_from_bfloat16(pointer + offset),
            highHalf: cvectors_from_bfloat16(pointer + offset + 4))
    }

    @inline(__always)
    static func store(_ vector: SIMD8<Float>, _ pointer: UnsafeMutablePointer<BFloat16>, _ offset: Int) {
        cvectors_to_bfloat16(pointer + offset, vector.lowHalf)
        cvectors_to_bfloat16(pointer + offset + 4, vector.highHalf)
    }
}
