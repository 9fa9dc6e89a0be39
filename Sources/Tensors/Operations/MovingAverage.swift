extension Tensor {
    /// Moves this tensor a little towards another, in place: `x ← m · x + (1 − m) · y`.
    ///
    /// Computed as `x + (1 − m) · (y − x)` in 64 bits: rounding m and 1 − m to 32 bits would leave factors that
    /// do not sum to 1, and thousands of steps would show it.
    ///
    /// - Parameters:
    ///   - other: y, of the same shape; both dense.
    ///   - momentum: m, in `0 ... 1`.
    public func move(towards other: Tensor, momentum: Double) {
        precondition(
            shape == other.shape && layout == .dense && other.layout == .dense,
            "moving average of \(shape) with \(other.shape)")
        let (x, y) = (pointer, other.pointer)
        let step = 1 - momentum
        parallelRanges(count) { range in
            for index in range {
                let old = Double(x[index])
                x[index] = Float(old + step * (Double(y[index]) - old))
            }
        }
        withExtendedLifetime((self, other)) {}
    }
}
