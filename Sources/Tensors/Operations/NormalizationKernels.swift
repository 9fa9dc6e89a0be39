// What batch normalization does to each element: the inner parts of the passes in `Normalization`. `X` is what the
// input holds in memory, `Y` what the output and the residual hold.

/// Sum and sum of squares.
struct MomentsKernel<X: StoredElement>: ChannelSums {
    let x: UnsafePointer<X>

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) -> (ChannelKernels.Vector, ChannelKernels.WideVector) {
        let value = X.load(x, offset)
        let wide = ChannelKernels.WideVector(value)
        return (value, wide * wide)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        let value = x[offset].widened
        return (value, Double(value) * Double(value))
    }
}

/// `y = activation((x − mean) · gain + shift)`.
struct NormalizingKernel<X: StoredElement, Y: StoredElement>: ChannelMap {
    let x: UnsafePointer<X>
    let y: UnsafeMutablePointer<Y>
    let mean: UnsafePointer<Float>
    let gain: UnsafePointer<Float>
    let shift: UnsafePointer<Float>
    let floor: Float
    let ceiling: Float
    let isStreaming: Bool

    @inline(__always)
    func normalized(_ offset: Int, _ channel: Int) -> ChannelKernels.Vector {
        (X.load(x, offset) - Float.load(mean, channel)) * Float.load(gain, channel)
            + Float.load(shift, channel)
    }

    @inline(__always)
    func normalizedElement(_ offset: Int, _ channel: Int) -> Float {
        (x[offset].widened - mean[channel]) * gain[channel] + shift[channel]
    }

    /// Writes the result between the bounds; NaN propagates.
    @inline(__always)
    func write(_ value: ChannelKernels.Vector, _ offset: Int) {
        let (lowest, highest) = (
            ChannelKernels.Vector(repeating: floor), ChannelKernels.Vector(repeating: ceiling)
        )
        let result = value.replacing(with: lowest, where: value .< lowest)
            .replacing(with: highest, where: value .> highest)
        if isStreaming { Y.stream(result, y, offset) } else { Y.store(result, y, offset) }
    }

    @inline(__always)
    func write(_ value: Float, _ offset: Int) { y[offset] = Y(rounding: min(max(value, floor), ceiling)) }

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) { write(normalized(offset, channel), offset) }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) { write(normalizedElement(offset, channel), offset) }
}

/// `y = activation((x − mean) · gain + shift + residual)`.
struct AddingKernel<X: StoredElement, Y: StoredElement>: ChannelMap {
    let normalizing: NormalizingKernel<X, Y>
    let residual: UnsafePointer<Y>

    var isStreaming: Bool { normalizing.isStreaming }

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) {
        normalizing.write(normalizing.normalized(offset, channel) + Y.load(residual, offset), offset)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        normalizing.write(normalizing.normalizedElement(offset, channel) + residual[offset].widened, offset)
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
    func vector(_ offset: Int) -> ChannelKernels.Vector {
        var value = Y.load(gradient, offset)
        if let second { value += Y.load(second, offset) }
        if let output {
            let result = Y.load(output, offset)
            let highest = ChannelKernels.Vector(repeating: ceiling)
            value.replace(with: 0, where: (result .<= 0) .| (result .>= highest))
        }
        return value
    }

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

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) -> (ChannelKernels.Vector, ChannelKernels.WideVector) {
        let value = slope.vector(offset)
        if let kept { Y.store(value, kept, offset) }
        let deviation = X.load(x, offset) - Float.load(mean, channel)
        return (value, ChannelKernels.WideVector(value * deviation))
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        let value = slope.scalar(offset)
        if let kept { kept[offset] = Y(rounding: value) }
        return (value, Double(value * (x[offset].widened - mean[channel])))
    }
}

/// `dx = gain · dy + offset + slope · (x − mean)`.
struct InputGradientKernel<X: StoredElement, Y: StoredElement>: ChannelMap {
    let slope: RectifiedGradient<Y>
    let x: UnsafePointer<X>
    let dx: UnsafeMutablePointer<X>
    let mean: UnsafePointer<Float>
    let gain: UnsafePointer<Float>
    let offsets: UnsafePointer<Float>
    let slopes: UnsafePointer<Float>
    let isStreaming: Bool

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) {
        let deviation = X.load(x, offset) - Float.load(mean, channel)
        let result =
            slope.vector(offset) * Float.load(gain, channel) + Float.load(offsets, channel)
            + deviation * Float.load(slopes, channel)
        if isStreaming { X.stream(result, dx, offset) } else { X.store(result, dx, offset) }
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        dx[offset] = X(
            rounding: slope.scalar(offset) * gain[channel] + offsets[channel]
                + (x[offset].widened - mean[channel]) * slopes[channel])
    }
}
