/// A tensor in a computation whose gradient may be asked for.
///
/// A variable made by `init` is a leaf, such as a parameter or an input; operations of a `Tape` make the
/// others. Use one from one thread at a time.
public final class Variable {
    /// The tensor. That of a leaf may be replaced or changed in place; say so with `valueDidChange`.
    public private(set) var value: Tensor

    /// Derivative of the objective by `value`, dense for leaves; nil until a backward pass reaches it.
    public var gradient: Tensor? {
        addAddend()
        return sum
    }

    /// The gradient, but for `addend`.
    private var sum: Tensor?

    /// What was not added yet: a pullback that reads the gradient only once adds it on the way.
    private var addend: Tensor?

    /// Whether a backward pass computes a gradient for this variable. May be changed on leaves only.
    public var requiresGradient: Bool

    /// Where a leaf's gradient is kept, set for parameters so that all gradients lie in one buffer.
    private var gradientBuffer: Tensor?

    /// Whether an operation made this variable, whose pullback takes the gradient: no leaf.
    let isResult: Bool

    /// How often recorded operations whose pullbacks have not run yet use this variable.
    var pendingUses = 0

    /// Whether the pullback of the operation that made this variable has run: a gradient now comes too late.
    var isPulledBack = false

    /// Forms of the value that convolutions asked for, until the value changes.
    private var packedForms: [WeightForm: Tensor] = [:]

    /// A leaf.
    public convenience init(_ value: Tensor, requiresGradient: Bool = false) {
        self.init(value, requiresGradient: requiresGradient, isResult: false)
    }

    init(_ value: Tensor, requiresGradient: Bool, isResult: Bool) {
        self.value = value
        self.requiresGradient = requiresGradient
        self.isResult = isResult
    }

    /// Logical extents of the value.
    public var shape: Shape { value.shape }

    /// Makes this leaf live in the given buffers, the value copied over; later changes happen there.
    public func move(toValue value: Tensor, gradient: Tensor?) {
        precondition(value.shape == shape, "buffer of \(value.shape) for a parameter of \(shape)")
        value.copy(from: self.value)
        self.value = value
        gradientBuffer = gradient
        clearGradient()
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
    public func clearGradient() { (sum, addend) = (nil, nil) }

    /// Whether a backward pass has reached this variable.
    var hasGradient: Bool { sum != nil }

    /// Gives the gradient away. Where the caller is then the only one to hold it, it may be overwritten.
    func takeGradient() -> Tensor? {
        addAddend()
        defer { sum = nil }
        return sum
    }

    /// Gives away what was not added to the gradient yet, so that the caller adds it.
    func takeAddend() -> Tensor? {
        defer { addend = nil }
        return addend
    }

    /// The value in another form, kept until the value changes.
    func value(_ form: WeightForm) -> Tensor {
        if let found = packedForms[form] { return found }
        let packed = value.packed(form)
        // What is the value itself may not hold its memory: it is changed in place.
        if packed.layout != value.layout || form.isRounded { packedForms[form] = packed }
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
            Reorder.run(from: addend, into: buffer, accumulating: sum != nil)
            sum = buffer
        } else if sum == nil {
            if case .packed = addend.layout {
                sum = addend.dense()
            } else {
                sum = addend.converted(to: value.elementType)
            }
        } else {
            addAddend()
            // What has a wider type than the value is rounded once, with the sum.
            if isResult, addend.elementType == value.elementType {
                self.addend = addend
            } else {
                add(addend)
            }
        }
    }

    /// Adds to the gradient what is written: where there is none yet, right where it is kept.
    ///
    /// - Parameters:
    ///   - layout: What the tensor that is written has.
    ///   - write: Writes all elements.
    func accumulate(_ layout: Layout, _ write: (Tensor) -> Void) {
        if let buffer = gradientBuffer, sum == nil, requiresGradient, buffer.layout == layout {
            write(buffer)
            sum = buffer
        } else {
            let addend = Tensor(uninitialized: shape, layout: layout)
            write(addend)
            accumulate(addend)
        }
    }

    /// Adds what was not added yet.
    private func addAddend() {
        guard let addend else { return }
        self.addend = nil
        add(addend)
    }

    private func add(_ addend: Tensor) {
        guard var total = sum else { return }
        sum = nil
        if !total.isOwned {
            let copy = Tensor(
                uninitialized: total.shape, layout: total.layout, elementType: total.elementType)
            Reorder.run(from: total, into: copy, accumulating: false)
            total = copy
        }
        Reorder.run(from: addend, into: total, accumulating: true)
        sum = total
    }
}

extension Tensor {
    /// Whether nothing else holds the memory, all of which is this tensor's: it may be overwritten.
    var isOwned: Bool {
        mutating get { isKnownUniquelyReferenced(&storage) && offset == 0 }
    }
}
