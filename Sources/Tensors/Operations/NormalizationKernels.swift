// What batch normalization does to each element: the inner parts of the passes in `Normalization`.

/// Sum and sum of squares.
struct MomentsKernel: ChannelSums {
    let x: UnsafePointer<Float>

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) -> (ChannelKernels.Vector, ChannelKernels.WideVector) {
        let value = ChannelKernels.load(x, offset)
        let wide = ChannelKernels.WideVector(value)
        return (value, wide * wide)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        (x[offset], Double(x[offset]) * Double(x[offset]))
    }
}

/// `y = activation((x − mean) · gain + shift)`.
struct NormalizingKernel: ChannelMap {
    let x: UnsafePointer<Float>
    let y: UnsafeMutablePointer<Float>
    let mean: UnsafePointer<Float>
    let gain: UnsafePointer<Float>
    let shift: UnsafePointer<Float>
    let floor: Float
    let ceiling: Float

    @inline(__always)
    func normalized(_ offset: Int, _ channel: Int) -> ChannelKernels.Vector {
        (ChannelKernels.load(x, offset) - ChannelKernels.load(mean, channel))
            * ChannelKernels.load(gain, channel) + ChannelKernels.load(shift, channel)
    }

    @inline(__always)
    func normalizedElement(_ offset: Int, _ channel: Int) -> Float {
        (x[offset] - mean[channel]) * gain[channel] + shift[channel]
    }

    /// Writes the result between the bounds; NaN propagates.
    @inline(__always)
    func write(_ value: ChannelKernels.Vector, _ offset: Int) {
        let (lowest, highest) = (
            ChannelKernels.Vector(repeating: floor), ChannelKernels.Vector(repeating: ceiling)
        )
        ChannelKernels.store(
            value.replacing(with: lowest, where: value .< lowest)
                .replacing(with: highest, where: value .> highest), y, offset)
    }

    @inline(__always)
    func write(_ value: Float, _ offset: Int) { y[offset] = min(max(value, floor), ceiling) }

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) { write(normalized(offset, channel), offset) }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) { write(normalizedElement(offset, channel), offset) }
}

/// `y = activation((x − mean) · gain + shift + residual)`.
struct AddingKernel: ChannelMap {
    let normalizing: NormalizingKernel
    let residual: UnsafePointer<Float>

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) {
        normalizing.write(
            normalizing.normalized(offset, channel) + ChannelKernels.load(residual, offset), offset)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        normalizing.write(normalizing.normalizedElement(offset, channel) + residual[offset], offset)
    }
}

/// The gradient before an activation: zero where the output does not lie between its bounds.
struct RectifiedGradient {
    let gradient: UnsafePointer<Float>
    /// Nil without an activation.
    let output: UnsafePointer<Float>?
    let ceiling: Float

    @inline(__always)
    func vector(_ offset: Int) -> ChannelKernels.Vector {
        var value = ChannelKernels.load(gradient, offset)
        if let output {
            let result = ChannelKernels.load(output, offset)
            let highest = ChannelKernels.Vector(repeating: ceiling)
            value.replace(with: 0, where: (result .<= 0) .| (result .>= highest))
        }
        return value
    }

    @inline(__always)
    func scalar(_ offset: Int) -> Float {
        guard let output else { return gradient[offset] }
        return output[offset] <= 0 || output[offset] >= ceiling ? 0 : gradient[offset]
    }
}

/// `Σ dy` and `Σ dy · (x − mean)`, keeping `dy` before the activation where asked to.
struct GradientSumsKernel: ChannelSums {
    let slope: RectifiedGradient
    let x: UnsafePointer<Float>
    let mean: UnsafePointer<Float>
    let kept: UnsafeMutablePointer<Float>?

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) -> (ChannelKernels.Vector, ChannelKernels.WideVector) {
        let value = slope.vector(offset)
        if let kept { ChannelKernels.store(value, kept, offset) }
        let deviation = ChannelKernels.load(x, offset) - ChannelKernels.load(mean, channel)
        return (value, ChannelKernels.WideVector(value * deviation))
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        let value = slope.scalar(offset)
        if let kept { kept[offset] = value }
        return (value, Double(value * (x[offset] - mean[channel])))
    }
}

/// `dx = gain · dy + offset + slope · (x − mean)`.
struct InputGradientKernel: ChannelMap {
    let slope: RectifiedGradient
    let x: UnsafePointer<Float>
    let dx: UnsafeMutablePointer<Float>
    let mean: UnsafePointer<Float>
    let gain: UnsafePointer<Float>
    let offsets: UnsafePointer<Float>
    let slopes: UnsafePointer<Float>

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) {
        let deviation = ChannelKernels.load(x, offset) - ChannelKernels.load(mean, channel)
        ChannelKernels.store(
            slope.vector(offset) * ChannelKernels.load(gain, channel)
                + ChannelKernels.load(offsets, channel)
                + deviation * ChannelKernels.load(slopes, channel), dx, offset)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        dx[offset] =
            slope.scalar(offset) * gain[channel] + offsets[channel]
            + (x[offset] - mean[channel]) * slopes[channel]
    }
}
