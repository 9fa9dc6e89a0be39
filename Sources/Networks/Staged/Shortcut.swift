/// What is added to the result of the convolutions of a block.
enum Shortcut<Projection> {
    /// Nothing.
    case none
    /// The block's input itself.
    case identity
    /// Where the extents change: what a 1×1 convolution makes of the input.
    case projection(Projection)

    /// What is added for an input; nil where nothing is.
    func added<Value>(
        for input: Value, projecting: (Projection, Value) throws -> Value
    ) rethrows -> Value? {
        switch self {
        case .none: nil
        case .identity: input
        case .projection(let projection): try projecting(projection, input)
        }
    }

    /// The same with another kind of projection.
    func map<Other>(_ transform: (Projection) throws -> Other) rethrows -> Shortcut<Other> {
        switch self {
        case .none: .none
        case .identity: .identity
        case .projection(let projection): .projection(try transform(projection))
        }
    }
}

extension Shortcut: Sendable where Projection: Sendable {}
