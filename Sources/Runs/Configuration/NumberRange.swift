/// The allowed range of a number, which can describe itself in a message.
///
/// It has two ends, always: numbers of a configuration go into arithmetic, allocations and 32-bit floats, and one
/// without an upper bound overflows somewhere. Standard ranges have no form with an excluded lower bound, and a learning
/// rate must be *greater* than 0.
struct NumberRange<Bound: Comparable & Sendable>: Sendable {
    /// An end of the range.
    enum Limit: Sendable {
        /// The bound belongs to the range.
        case including(Bound)
        /// The bound does not belong to the range.
        case excluding(Bound)
    }

    /// The lower end.
    let lower: Limit
    /// The upper end.
    let upper: Limit

    /// Numbers from `bound` on, up to and with `upper`.
    static func atLeast(_ bound: Bound, atMost upper: Bound) -> NumberRange {
        NumberRange(lower: .including(bound), upper: .including(upper))
    }

    /// Numbers above `bound`, up to and with `upper`.
    static func above(_ bound: Bound, atMost upper: Bound) -> NumberRange {
        NumberRange(lower: .excluding(bound), upper: .including(upper))
    }

    /// Numbers from `bound` on, below `upper`.
    static func atLeast(_ bound: Bound, below upper: Bound) -> NumberRange {
        NumberRange(lower: .including(bound), upper: .excluding(upper))
    }

    /// Whether `value` lies in the range.
    func contains(_ value: Bound) -> Bool {
        let isAboveLower =
            switch lower {
            case .including(let bound): value >= bound
            case .excluding(let bound): value > bound
            }
        let isBelowUpper =
            switch upper {
            case .including(let bound): value <= bound
            case .excluding(let bound): value < bound
            }
        return isAboveLower && isBelowUpper
    }

    /// The range in words, as in "greater than 0 and at most 100".
    var words: String {
        let lowerWords =
            switch lower {
            case .including(let bound): "at least \(Self.digits(bound))"
            case .excluding(let bound): "greater than \(Self.digits(bound))"
            }
        let upperWords =
            switch upper {
            case .including(let bound): "at most \(Self.digits(bound))"
            case .excluding(let bound): "less than \(Self.digits(bound))"
            }
        return "\(lowerWords) and \(upperWords)"
    }

    /// A bound as one would write it: 0 and not 0.0.
    private static func digits(_ bound: Bound) -> String {
        let text = "\(bound)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
