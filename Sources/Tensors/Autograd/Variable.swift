/// A tensor in a computation whose gradient may be asked for.
///
/// A variable made by `init` is a leaf, such as a parameter or an input; operations of a `Tape` make the
/// others. Use one from one thread at a time.
public final class Variable {
    /// The tensor. That of a leaf may be replaced or changed in place; say so with `valueDidChange`.
    public private(set) var value: Tensor

    /// Derivative of the objective by `value`, dense for leaves; nil until a backward pass reaches it.
    public internal(set) var gradient: Tensor?

    /// Whether a backward pass computes a gradient for this variable. May be changed on leaves only.
    public var requiresGradient: Bool

    /// Where a leaf's gradient is kept, set for parameters so that all gradients lie in one buffer.
    private var gradientBuffer: Tensor?

    /// How often recorded operations whose pullbacks have not run yet use this variable.
    var pendingUses = 0

    /// Whether the pullback of the operation that made this variable has run: a gradient now comes too late.
    var isPulledBack = false

    /// A form of the value that convolutions ask for.
    private struct PackedForm: Hashable {
        let layout: PackedLayout
        let isRounded: Bool
    }

    /// Those that were asked for, until the value changes.
    private var packedForms: [PackedForm: Tensor] = [:]

    /// A leaf.
    public init(_ value: Tensor, requiresGradient: Bool = false) {
        self.value = value
        self.requiresGradient = requiresGradient
    }

    /// Logical extents of the value.
    public var shape: Shape { value.shape }

    /// Makes this leaf live in the given buffers, the value copied over; later changes happen there.
    public func move(toValue value: Tensor, gradient: Tensor?) {
        precondition(value.shape == shape, "buffer of \(value.shape) for a parameter of \(shape)")
        value.copy(from: self.value)
        self.value = value
        gradientBuffer = gradient
        self.gradient = nil
        valueDidChange()
    }

    /// Overwrites the value of this leaf, in place.
    public func assign(_ value: Tensor) {
        self.value.copy(from: value)
        valueDidChange()
    }

    /// To be called after the value's storage was changed in place.
    public func valueDidChange() { packedForms.removeAll(keepingCapacity: true) }

    /// Forgets the gradient, at the start of a step.
    public func clearGradient() { gradient = nil }

    /// The value in another layout, kept until the value changes.
    ///
    /// - Parameter rounded: Whether elements are rounded to `bfloat16`, whatever type they then have.
    func value(packed layout: PackedLayout, rounded: Bool = false) -> Tensor {
        let form = PackedForm(layout: layout, isRounded: rounded)
        if let found = packedForms[form] { return found }
        let packed = value.packed(layout, rounded: rounded)
        packedForms[form] = packed
        return packed
    }

    /// Adds to the gradient, in the pullback of an operation that has this variable as an input.
    ///
    /// A variable that needs no gradient ignores the call; where computing `addend` is expensive, ask
    /// `requiresGradient` first.
    ///
    /// - Parameter addend: Of this variable's shape, in any layout; another shape traps. Nothing is written to
    ///   it, so it may be shared. It is rounded where it has a wider type than the value.
    public func accumulate(_ addend: Tensor) {
        guard requiresGradient else { return }
        precondition(addend.shape == shape, "gradient of shape \(addend.shape) for a variable of \(shape)")
        if let buffer = gradientBuffer {
            Reorder.run(from: addend, into: buffer, accumulating: gradient != nil)
            gradient = buffer
        } else if gradient == nil {
            if case .packed = addend.layout {
                gradient = addend.dense()
            } else {
                gradient = addend.converted(to: value.elementType)
            }
        } else {
            addToOwnGradient(addend)
        }
    }

    private func addToOwnGradient(_ addend: Tensor) {
        guard var sum = gradient else { return }
        gradient = nil
        if !isKnownUniquelyReferenced(&sum.storage) || sum.offset != 0 {
            let copy = Tensor(uninitialized: sum.shape, layout: sum.layout, elementType: sum.elementType)
            Reorder.run(from: sum, into: copy, accumulating: false)
            sum = copy
        }
        Reorder.run(from: addend, into: sum, accumulating: true)
        gradient = sum
    }
}
