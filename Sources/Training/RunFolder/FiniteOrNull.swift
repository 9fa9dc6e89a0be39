/// A number of a JSON file that is null there where it is not finite: JSON has no word for NaN or infinity.
///
/// Null is read as NaN.
@propertyWrapper
public struct FiniteOrNull: Sendable, Equatable, Codable {
    /// The number.
    public var wrappedValue: Double

    /// A number, finite or not.
    public init(wrappedValue: Double) { self.wrappedValue = wrappedValue }

    /// Reads a number or null.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? .nan : try container.decode(Double.self)
    }

    /// Writes the number, or null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if wrappedValue.isFinite { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}
