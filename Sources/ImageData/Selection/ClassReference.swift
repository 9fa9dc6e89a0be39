/// A class as the user names it: by the label that the data have, or by its name.
public enum ClassReference: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    /// The label of a data set without names.
    case label(Int)
    /// The name of a class; the label in decimal where the data have no names.
    case name(String)

    /// A label.
    public init(integerLiteral label: Int) { self = .label(label) }
    /// A name.
    public init(stringLiteral name: String) { self = .name(name) }

    /// What was written.
    public var text: String {
        switch self {
        case .label(let label): String(label)
        case .name(let name): name
        }
    }
}

extension ClassReference: Codable {
    /// A number or a string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let label = try? container.decode(Int.self) {
            self = .label(label)
        } else {
            self = .name(try container.decode(String.self))
        }
    }

    /// A number or a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .label(let label): try container.encode(label)
        case .name(let name): try container.encode(name)
        }
    }
}
