internal import Synchronization

/// Weights that never change, kept in the orders that convolutions asked for.
final class PackedWeight: Sendable {
    let shape: Shape

    private struct Forms {
        /// The weights as given, until they are first packed: one copy is enough.
        var original: Tensor?
        var packed: [PackedLayout: Tensor] = [:]
    }

    private let forms: Mutex<Forms>

    init(copying weight: Tensor) {
        shape = weight.shape
        forms = Mutex(Forms(original: weight.duplicate()))
    }

    /// The weights in an order, packed on first use.
    func value(packed layout: PackedLayout) -> Tensor {
        forms.withLock { forms in
            if let found = forms.packed[layout] { return found }
            guard let source = forms.original ?? forms.packed.values.first else {
                preconditionFailure("weights \(shape) were lost")
            }
            let packed = Tensor(uninitialized: shape, layout: .packed(layout))
            Reorder.run(from: source, into: packed, accumulating: false)
            forms.packed[layout] = packed
            forms.original = nil
            return packed
        }
    }
}
