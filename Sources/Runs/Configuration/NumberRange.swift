/// The allowed range of a number, which can describe itself in a message.
///
/// Standard ranges have no form with an excluded lower bound, and a learning rate must be *greater* than 0.
struct NumberRange<Bound: Comparable & Sendable>: Sendable {
    /// An end of the range.
    enum Limit: Sendable {
        /// The bound belongs to the range.
        case including(Bound)
        /// The bound does not belong to the range.
        case excluding(Bound)
    }

    /// The lower end; nil where there is none.
    let lower: Limit?
    /// The upper end; nil where there is none.
    let upper: Limit?

    /// Every number.
    static var any: NumberRange { NumberRange(lower: nil, upper: nil) }

    /// Numbers from `bound` on.
    static func atLeast(_ bound: Bound) -> NumberRange {
        NumberRange(lower: .including(bound), upper: nil)
    }

    /// Numbers above `bound`.
    static func above(_ bound: Bound) -> NumberRange {
        NumberRange(lower: .excluding(bound), upper: nil)
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
            case nil: true
            }
        let isBelowUpper =
            switch upper {
            case .including(let bound): value <= bound
            case .excluding(let bound): value < bound
            case nil: true
            }
        return isAboveLower && isBelowUpper
    }

    /// The range in words, as in "greater than 0 and at most 100"; nil if it has no ends.
    var words: String? {
        let lowerWords: String? =
            switch lower {
            case .including(let bound): "at least \(Self.digits(bound))"
            case .excluding(let bound): "greater than \(Self.digits(bound))"
            case nil: nil
            }
        let upperWords: String? =
            switch upper {
            case .including(let bound): "at most \(Self.digits(bound))"
            case .excluding(let bound): "less than \(Self.digits(bound))"
            case nil: nil
            }
        let parts = [lowerWords, upperWords].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: " and ")
    }

    /// A bound as one would write it: 0 and not 0.0.
    private static func digits(_ bound: Bound) -> String {
        let text = "\(bound)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
