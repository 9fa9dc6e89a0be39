internal import Synchronization

/// Weights that never change, kept in the orders that convolutions asked for.
final class PackedWeight: Sendable {
    let shape: Shape

    private struct Forms {
        /// The weights as given, until they are first packed: one copy is enough.
        var original: Tensor?
        var packed: [PackedLayout: Tensor] = [:]
        /// Rounded to `bfloat16`: from these the original is not to be had.
        var rounded: [PackedLayout: Tensor] = [:]
    }

    private let forms: Mutex<Forms>

    init(copying weight: Tensor) {
        shape = weight.shape
        forms = Mutex(Forms(original: weight.duplicate()))
    }

    /// The weights in an order, packed on first use.
    ///
    /// - Parameter rounded: Whether elements are rounded to `bfloat16`, whatever type they then have.
    func value(packed layout: PackedLayout, rounded: Bool = false) -> Tensor {
        forms.withLock { forms in
            if let found = rounded ? forms.rounded[layout] : forms.packed[layout] { return found }
            guard let source = forms.original ?? forms.packed.values.first else {
                preconditionFailure("weights \(shape) were lost")
            }
            let packed = source.packed(layout, rounded: rounded)
            if rounded {
                forms.rounded[layout] = packed
            } else {
                forms.packed[layout] = packed
                forms.original = nil
            }
            return packed
        }
    }
}

extension Tensor {
    /// The same weights in an order that a convolution asks for.
    ///
    /// - Parameter rounded: Whether elements are rounded to `bfloat16`, whatever type they then have.
    func packed(_ layout: PackedLayout, rounded: Bool) -> Tensor {
        let elementType = layout.descriptor.elementType
        let result = Tensor(uninitialized: shape, layout: .packed(layout), elementType: elementType)
        let isRoundedBefore = rounded && elementType == .float32
        let source = isRoundedBefore ? dense().converted(to: .bfloat16).converted(to: .float32) : self
        Reorder.run(from: source, into: result, accumulating: false)
        return result
    }
}
