extension Tensor {
    /// Moves this tensor towards another, in place: `x ← x + part · (y − x)`; an exponential moving average of
    /// momentum m is this with `1 − m`.
    ///
    /// Computed in 64 bits: rounding m and 1 − m to 32 bits would leave factors that do not sum to 1, and
    /// thousands of steps would show it.
    ///
    /// - Parameters:
    ///   - other: y, of the same shape; both dense.
    ///   - part: In `0 ... 1`.
    public func interpolate(towards other: Tensor, by part: Double) {
        precondition(
            shape == other.shape && layout == .dense && other.layout == .dense,
            "interpolation of \(shape) towards \(other.shape)")
        let (x, y) = (pointer, other.pointer)
        parallelRanges(count) { range in
            for index in range {
                let old = Double(x[index])
                x[index] = Float(old + part * (Double(y[index]) - old))
            }
        }
        withExtendedLifetime((self, other)) {}
    }
}
