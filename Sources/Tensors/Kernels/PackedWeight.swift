internal import Synchronization

/// How a convolution reads its weights.
struct WeightForm: Hashable, Sendable {
    /// In row-major order, or in one that oneDNN chose.
    let layout: Layout
    /// Whether elements are rounded to `bfloat16`, whatever type they then have.
    let isRounded: Bool
}

/// Weights that never change, kept in the forms that convolutions asked for.
final class PackedWeight: Sendable {
    let shape: Shape

    private struct Forms {
        /// The weights as given, until they are first packed: one copy is enough.
        var original: Tensor?
        var packed: [WeightForm: Tensor] = [:]
    }

    private let forms: Mutex<Forms>

    init(copying weight: Tensor) {
        shape = weight.shape
        forms = Mutex(Forms(original: weight.duplicate()))
    }

    /// The weights in a form, packed on first use.
    func value(_ form: WeightForm) -> Tensor {
        forms.withLock { forms in
            if let found = forms.packed[form] { return found }
            // From rounded ones the original is not to be had.
            guard let source = forms.original ?? forms.packed.first(where: { !$0.key.isRounded })?.value
            else { preconditionFailure("weights \(shape) were lost") }
            let packed = source.packed(form)
            forms.packed[form] = packed
            if !form.isRounded { forms.original = nil }
            return packed
        }
    }
}

extension Tensor {
    /// The same weights in a form that a convolution asks for: these themselves where they have it.
    func packed(_ form: WeightForm) -> Tensor {
        if layout == form.layout, !form.isRounded { return self }
        let elementType: ElementType =
            if case .packed(let packed) = form.layout { packed.descriptor.elementType } else { .float32 }
        let result = Tensor(uninitialized: shape, layout: form.layout, elementType: elementType)
        let isRoundedBefore = form.isRounded && elementType == .float32
        let source = isRoundedBefore ? dense().converted(to: .bfloat16).converted(to: .float32) : self
        Reorder.run(from: source, into: result, accumulating: false)
        return result
    }
}
