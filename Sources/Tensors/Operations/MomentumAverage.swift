extension Tensor {
    /// `x ← momentum · x + (1 − momentum) · other`, in place; both dense and of one shape.
    public func average(with other: Tensor, momentum: Double) {
        precondition(shape == other.shape, "average of \(shape) with \(other.shape)")
        precondition(layout == .dense && other.layout == .dense, "dense tensors expected")
        let (kept, added) = (Float(momentum), Float(1 - momentum))
        let (to, from) = (pointer, other.pointer)
        parallelRanges(count) { range in
            for index in range { to[index] = kept * to[index] + added * from[index] }
        }
        withExtendedLifetime((self, other)) {}
    }
}
