internal import CVectors

// What batch normalization does to each element: the inner parts of the passes in `Normalization`. `X` is what the
// input holds in memory, `Y` what the output and the residual hold. Blocks of channels are computed by
// `CVectors`, in the widest vectors of the processor; the formula for one element serves dense storage.

extension StoredElement {
    /// For `CVectors`, which is told by numbers.
    @inline(__always)
    fileprivate static var isNarrow: Int32 { elementType == .bfloat16 ? 1 : 0 }
}

/// Sum and sum of squares.
struct MomentsKernel<X: StoredElement>: ChannelSums {
    let x: UnsafePointer<X>

    func block(
        _ start: Int, _ channel: Int, _ geometry: ChannelGeometry, _ sums: UnsafeMutablePointer<Double>
    ) {
        cvectors_moments(
            Engine.vectors, Int32(geometry.lanes), X.isNarrow, x + start, geometry.positions, sums)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        let value = x[offset].widened
        return (value, Double(value) * Double(value))
    }
}

/// `y = activation((x − mean) · gain + shift + residual)`.
struct NormalizingKernel<X: StoredElement, Y: StoredElement>: ChannelMap {
    let x: UnsafePointer<X>
    /// What is added, or nil.
    let residual: UnsafePointer<Y>?
    let y: UnsafeMutablePointer<Y>
    /// Mean, gain and shift of each channel, those of padding included, one kind behind the other.
    let constants: UnsafePointer<Float>
    let paddedChannels: Int
    let floor: Float
    let ceiling: Float
    let isStreaming: Bool

    func block(_ start: Int, _ channel: Int, _ geometry: ChannelGeometry) {
        cvectors_normalize(
            Engine.vectors, Int32(geometry.lanes), X.isNarrow, Y.isNarrow, x + start,
            residual.map { $0 + start }, y + start, constants + channel, paddedChannels, geometry.positions,
            floor, ceiling, isStreaming ? 1 : 0)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        let (mean, gain, shift) = (
            constants[channel], constants[paddedChannels + channel], constants[2 * paddedChannels + channel]
        )
        var value = (x[offset].widened - mean) * gain + shift
        if let residual { value += residual[offset].widened }
        y[offset] = Y(rounding: min(max(value, floor), ceiling))
    }
}

/// The gradient before an activation: zero where the output does not lie between its bounds.
struct RectifiedGradient<Y: StoredElement> {
    let gradient: UnsafePointer<Y>
    /// What is added to it first, or nil.
    let second: UnsafePointer<Y>?
    /// Nil without an activation.
    let output: UnsafePointer<Y>?
    let ceiling: Float

    @inline(__always)
    func scalar(_ offset: Int) -> Float {
        var value = gradient[offset].widened
        if let second { value += second[offset].widened }
        guard let output else { return value }
        let result = output[offset].widened
        return result <= 0 || result >= ceiling ? 0 : value
    }
}

/// `Σ dy` and `Σ dy · (x − mean)`, keeping `dy` before the activation where asked to.
struct GradientSumsKernel<X: StoredElement, Y: StoredElement>: ChannelSums {
    let slope: RectifiedGradient<Y>
    let x: UnsafePointer<X>
    let mean: UnsafePointer<Float>
    let kept: UnsafeMutablePointer<Y>?

    func block(
        _ start: Int, _ channel: Int, _ geometry: ChannelGeometry, _ sums: UnsafeMutablePointer<Double>
    ) {
        cvectors_slope_sums(
            Engine.vectors, Int32(geometry.lanes), X.isNarrow, Y.isNarrow, slope.gradient + start,
            slope.second.map { $0 + start }, slope.output.map { $0 + start }, x + start,
            kept.map { $0 + start }, mean + channel, geometry.positions, slope.ceiling, sums)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        let value = slope.scalar(offset)
        if let kept { kept[offset] = Y(rounding: value) }
        return (value, Double(value * (x[offset].widened - mean[channel])))
    }
}

/// `dx = gain · dy + offset + factor · (x − mean)`.
struct InputGradientKernel<X: StoredElement, Y: StoredElement>: ChannelMap {
    let slope: RectifiedGradient<Y>
    let x: UnsafePointer<X>
    let dx: UnsafeMutablePointer<X>
    /// Mean, gain, offset and factor of each channel, those of padding included, one kind behind the other.
    let constants: UnsafePointer<Float>
    let paddedChannels: Int
    let isStreaming: Bool

    func block(_ start: Int, _ channel: Int, _ geometry: ChannelGeometry) {
        cvectors_input_gradient(
            Engine.vectors, Int32(geometry.lanes), X.isNarrow, Y.isNarrow, slope.gradient + start,
            slope.output.map { $0 + start }, x + start, dx + start, constants + channel, paddedChannels,
            geometry.positions, slope.ceiling, isStreaming ? 1 : 0)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        let constant = { kind in constants[kind * paddedChannels + channel] }
        dx[offset] = X(
            rounding: slope.scalar(offset) * constant(1) + constant(2)
                + (x[offset].widened - constant(0)) * constant(3))
    }
}
