/// An element type of the collectives: `Float`, `Double`, `Int32`, `Int64`, `UInt8`.
///
/// The set is closed by `TransmissibleKind`: every group must know how to send each kind, so a
/// conformance outside this module must return one of these kinds and have its very layout.
public protocol Transmissible: Sendable, BitwiseCopyable, AdditiveArithmetic {
    /// What the element is on the wire.
    static var transmissibleKind: TransmissibleKind { get }

    /// The sum of two elements as `MPI_SUM` computes it: integers that overflow wrap around, they do not trap.
    ///
    /// - Parameters:
    ///   - left: The first summand.
    ///   - right: The second summand.
    static func transmittedSum(_ left: Self, _ right: Self) -> Self
}

/// The element types that every process group can send and add; MPI calls them datatypes.
public enum TransmissibleKind: Sendable {
    /// 32-bit floating point.
    case float
    /// 64-bit floating point.
    case double
    /// 32-bit signed integer.
    case int32
    /// 64-bit signed integer.
    case int64
    /// Byte.
    case uint8
}

extension Transmissible where Self: FloatingPoint {
    /// The sum of two elements.
    ///
    /// - Parameters:
    ///   - left: The first summand.
    ///   - right: The second summand.
    public static func transmittedSum(_ left: Self, _ right: Self) -> Self { left + right }
}

extension Transmissible where Self: FixedWidthInteger {
    /// The sum of two elements, wrapping around on overflow.
    ///
    /// - Parameters:
    ///   - left: The first summand.
    ///   - right: The second summand.
    public static func transmittedSum(_ left: Self, _ right: Self) -> Self { left &+ right }
}

extension Float: Transmissible {
    /// 32-bit floating point.
    public static var transmissibleKind: TransmissibleKind { .float }
}

extension Double: Transmissible {
    /// 64-bit floating point.
    public static var transmissibleKind: TransmissibleKind { .double }
}

extension Int32: Transmissible {
    /// 32-bit signed integer.
    public static var transmissibleKind: TransmissibleKind { .int32 }
}

extension Int64: Transmissible {
    /// 64-bit signed integer.
    public static var transmissibleKind: TransmissibleKind { .int64 }
}

extension UInt8: Transmissible {
    /// Byte.
    public static var transmissibleKind: TransmissibleKind { .uint8 }
}
