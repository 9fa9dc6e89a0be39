internal import CVectors

// What batch normalization does to each element: the inner parts of the passes in `Normalization`. `X` is what the
// input holds in memory, `Y` what the output and the residual hold. Blocks of channels are computed by
// `CVectors`, in the widest vectors of the processor; the formula for one element serves dense storage.

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
    let constants: ChannelConstants
    let floor: Float
    let ceiling: Float
    let isStreaming: Bool

    func block(_ start: Int, _ channel: Int, _ geometry: ChannelGeometry) {
        cvectors_normalize(
            Engine.vectors, Int32(geometry.lanes), X.isNarrow, Y.isNarrow, x + start,
            residual.map { $0 + start }, y + start, constants.elements + channel, constants.paddedChannels,
            geometry.positions, floor, ceiling, isStreaming ? 1 : 0)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        var value =
            (x[offset].widened - constants.mean(channel)) * constants.gain(channel)
            + constants.shift(channel)
        if let residual { value += residual[offset].widened }
        y[offset] = Y(rounding: min(max(value, floor), ceiling))
    }
}

/// What tells on which side of an activation's bounds a result lies.
enum ActivationMask<Output> {
    /// There is no activation, or the gradient is that before it already.
    case none
    /// The output, as something was added before the activation.
    case output(Output)
    /// `(x − mean) · gain + shift`, which takes less time than reading the output.
    case normalized

    func map<Other>(_ transform: (Output) -> Other) -> ActivationMask<Other> {
        switch self {
        case .none: .none
        case .output(let output): .output(transform(output))
        case .normalized: .normalized
        }
    }
}

/// The gradient before an activation: zero where the result does not lie between its bounds.
struct RectifiedGradient<Y: StoredElement> {
    let gradient: UnsafePointer<Y>
    /// What is added to it first, or nil.
    let second: UnsafePointer<Y>?
    let mask: ActivationMask<UnsafePointer<Y>>
    let low: Float
    let high: Float

    /// - Parameters:
    ///   - gradient: `dy` behind the activation.
    ///   - second: What is added to it first, or nil.
    ///   - mask: What tells where the gradient passes.
    ///   - ceiling: Upper bound of the activation, whose lower bound is zero.
    init(
        _ gradient: UnsafePointer<Y>, _ second: UnsafePointer<Y>?, _ mask: ActivationMask<UnsafePointer<Y>>,
        ceiling: Float
    ) {
        (self.gradient, self.second, self.mask) = (gradient, second, mask)
        if case .normalized = mask {
            (low, high) = (Y.largestRoundedToZero, Y.smallestRounded(to: ceiling))
        } else {
            (low, high) = (0, ceiling)
        }
    }

    func output(_ start: Int) -> UnsafePointer<Y>? {
        if case .output(let output) = mask { output + start } else { nil }
    }

    var isRectified: Int32 { if case .none = mask { 0 } else { 1 } }

    @inline(__always)
    func scalar(_ offset: Int, normalized: Float) -> Float {
        var value = gradient[offset].widened
        if let second { value += second[offset].widened }
        let result: Float
        switch mask {
        case .none: return value
        case .output(let output): result = output[offset].widened
        case .normalized: result = normalized
        }
        return result <= low || result >= high ? 0 : value
    }
}

/// What a batch normalization knows of each channel, those of padding included: mean, gain, shift and, for the gradient
/// of the input, its offset and factor; one kind behind the other.
struct ChannelConstants {
    let elements: UnsafePointer<Float>
    let paddedChannels: Int

    @inline(__always)
    func mean(_ channel: Int) -> Float { elements[channel] }
    @inline(__always)
    func gain(_ channel: Int) -> Float { elements[paddedChannels + channel] }
    @inline(__always)
    func shift(_ channel: Int) -> Float { elements[2 * paddedChannels + channel] }
    @inline(__always)
    func offset(_ channel: Int) -> Float { elements[3 * paddedChannels + channel] }
    @inline(__always)
    func factor(_ channel: Int) -> Float { elements[4 * paddedChannels + channel] }
}

/// `Σ dy` and `Σ dy · (x − mean)`, keeping `dy` before the activation where asked to.
struct GradientSumsKernel<X: StoredElement, Y: StoredElement>: ChannelSums {
    let slope: RectifiedGradient<Y>
    let x: UnsafePointer<X>
    let constants: ChannelConstants
    let kept: UnsafeMutablePointer<Y>?

    func block(
        _ start: Int, _ channel: Int, _ geometry: ChannelGeometry, _ sums: UnsafeMutablePointer<Double>
    ) {
        cvectors_slope_sums(
            Engine.vectors, Int32(geometry.lanes), X.isNarrow, Y.isNarrow, slope.gradient + start,
            slope.second.map { $0 + start }, slope.output(start), slope.isRectified, slope.low, slope.high,
            x + start, kept.map { $0 + start }, constants.elements + channel, constants.paddedChannels,
            geometry.positions, sums)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        let deviation = x[offset].widened - constants.mean(channel)
        var value = slope.scalar(
            offset, normalized: deviation * constants.gain(channel) + constants.shift(channel))
        if let kept {
            kept[offset] = Y(rounding: value)
            value = kept[offset].widened
        }
        return (value, Double(value * deviation))
    }
}

/// `dx = gain · dy + offset + factor · (x − mean)`.
struct InputGradientKernel<X: StoredElement, Y: StoredElement>: ChannelMap {
    let slope: RectifiedGradient<Y>
    let x: UnsafePointer<X>
    let dx: UnsafeMutablePointer<X>
    let constants: ChannelConstants
    let isStreaming: Bool

    func block(_ start: Int, _ channel: Int, _ geometry: ChannelGeometry) {
        cvectors_input_gradient(
            Engine.vectors, Int32(geometry.lanes), X.isNarrow, Y.isNarrow, slope.gradient + start,
            slope.output(start), slope.isRectified, slope.low, slope.high, x + start, dx + start,
            constants.elements + channel, constants.paddedChannels, geometry.positions, isStreaming ? 1 : 0)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        let deviation = x[offset].widened - constants.mean(channel)
        let gain = constants.gain(channel)
        let dy = slope.scalar(offset, normalized: deviation * gain + constants.shift(channel))
        dx[offset] = X(
            rounding: dy * gain + constants.offset(channel) + deviation * constants.factor(channel))
    }
}
