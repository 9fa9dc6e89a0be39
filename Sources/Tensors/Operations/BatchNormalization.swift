/// The all-reduce of statistics over the ranks that share a batch.
public protocol StatisticsReducer: AnyObject {
    /// Replaces each value by its sum over all ranks. Every rank must call this, in the same order.
    func allReduce(_ values: inout [Double]) throws

    /// The same, with work of this rank done during the communication. Where one rank calls this, all must.
    func allReduce(_ values: inout [Double], during work: () throws -> Void) throws
}

/// Where batch normalization takes mean and variance from.
public enum NormalizationStatistics {
    /// From the batch: that of all ranks with a reducer, that of this rank without one.
    case batch((any StatisticsReducer)?)
    /// Given numbers, `[C]` each, through which no gradient flows.
    case fixed(mean: Tensor, variance: Tensor)
}

/// Mean and variance of each channel of a batch.
public struct BatchStatistics: Sendable {
    /// Mean of each channel.
    public let mean: [Double]
    /// Mean square deviation of each channel from its mean: the biased variance.
    public let variance: [Double]
    /// Elements of a channel that the numbers were taken over: samples times positions, of all ranks.
    public let count: Double
}

extension Tape {
    /// Batch normalization, optionally with an addition and an activation in the same pass over memory:
    /// `y = activation((x − mean[c]) / √(variance[c] + ε) · scale[c] + shift[c] + residual)`.
    ///
    /// The gradients of `scale` and `shift` are this rank's shares. With statistics of the global batch, the
    /// gradient of `x` includes theirs, and the reducer is called once more in the backward pass, during which the
    /// postponed gradient of the following convolution's weights is computed.
    /// Ioffe and Szegedy, Batch normalization, ICML 2015.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - scale: `[C]`.
    ///   - shift: `[C]`.
    ///   - statistics: Where mean and variance come from.
    ///   - epsilon: Added to the variance.
    ///   - residual: `[N, C, H, W]` to add, or nil.
    ///   - activation: What follows, after the addition if there is one.
    /// - Returns: `[N, C, H, W]` in the layout of `input`, and the statistics of the batch where it was used.
    /// - Throws: What the reducer throws.
    public func batchNormalization(
        _ input: Variable, scale: Variable, shift: Variable, statistics: NormalizationStatistics,
        epsilon: Double = 1e-5, residual: Variable? = nil, activation: Activation = .none
    ) throws -> (output: Variable, batch: BatchStatistics?) {
        let x = input.value
        let channels = x.shape[1]
        precondition(
            scale.shape == [channels] && shift.shape == [channels],
            "scale \(scale.shape) and shift \(shift.shape) for \(x.shape)")
        precondition(
            residual == nil || residual?.shape == x.shape, "residual of another shape than \(x.shape)")
        let normalization = Normalization(x)
        let batch: BatchStatistics?
        let reducer: (any StatisticsReducer)?
        let mean: [Double]
        let variance: [Double]
        switch statistics {
        case .batch(let given):
            let measured = try normalization.statistics(reducer: given)
            (batch, reducer, mean, variance) = (measured, given, measured.mean, measured.variance)
        case .fixed(let fixedMean, let fixedVariance):
            (batch, reducer) = (nil, nil)
            (mean, variance) = (fixedMean.elements.map(Double.init), fixedVariance.elements.map(Double.init))
        }
        let inverse = variance.map { 1 / ($0 + epsilon).squareRoot() }
        let gain = zip(scale.value.elements, inverse).map { Double($0) * $1 }
        let y = normalization.apply(
            mean: mean, gain: gain, shift: shift.value, residual: residual?.value.with(layout: x.layout),
            activation: activation)
        let rectified = activation == .none ? nil : y
        let inputs = [input, scale, shift] + (residual.map { [$0] } ?? [])
        let output = record(y, from: inputs) { [unowned self] gradient in
            let passed = gradient.with(layout: x.layout)
            let (slope, sums) = normalization.gradientSums(
                passed, output: rectified, ceiling: activation.ceiling, mean: mean,
                keepingSlope: residual != nil && rectified != nil)
            if shift.requiresGradient {
                shift.accumulate(Tensor([channels], sums[..<channels].map(Float.init)))
            }
            if scale.requiresGradient {
                let share = (0..<channels).map { Float(sums[channels + $0] * inverse[$0]) }
                scale.accumulate(Tensor([channels], share))
            }
            if let residual, residual.requiresGradient { residual.accumulate(slope ?? passed) }
            var total = sums
            if batch != nil { try reducer?.allReduce(&total, during: runPostponed) }
            guard input.requiresGradient else { return }
            let count = batch?.count ?? .infinity
            let offsets = (0..<channels).map { -gain[$0] * total[$0] / count }
            let slopes = (0..<channels).map {
                -gain[$0] * inverse[$0] * inverse[$0] * total[channels + $0] / count
            }
            input.accumulate(
                normalization.inputGradient(
                    slope ?? passed, output: slope == nil ? rectified : nil, ceiling: activation.ceiling,
                    mean: mean, gain: gain, offsets: offsets, slopes: slopes))
        }
        return (output, batch)
    }
}

/// The passes over memory that batch normalization makes.
struct Normalization {
    let x: Tensor
    let kernels: ChannelKernels

    init(_ x: Tensor) {
        self.x = x
        kernels = ChannelKernels(geometry: ChannelGeometry(x))
    }

    private func padded(_ values: [Double]) -> [Float] {
        values.map(Float.init) + [Float](repeating: 0, count: kernels.geometry.paddedChannels - values.count)
    }

    func statistics(reducer: (any StatisticsReducer)?) throws -> BatchStatistics {
        var message = kernels.sums(MomentsKernel(x: UnsafePointer(x.pointer)))
        message.append(Double(kernels.geometry.samples * kernels.geometry.positions))
        try reducer?.allReduce(&message)
        let channels = x.shape[1]
        let count = message[2 * channels]
        let mean = message[..<channels].map { $0 / count }
        let variance = mean.indices.map { max(message[channels + $0] / count - mean[$0] * mean[$0], 0) }
        return BatchStatistics(mean: mean, variance: variance, count: count)
    }

    func apply(
        mean: [Double], gain: [Double], shift: Tensor, residual: Tensor?, activation: Activation
    ) -> Tensor {
        let y = Tensor(uninitialized: x.shape, layout: x.layout)
        let constants = padded(mean) + padded(gain) + padded(shift.elements.map(Double.init))
        let padded = kernels.geometry.paddedChannels
        constants.withUnsafeBufferPointer { constants in
            guard let mean = constants.baseAddress else { return }
            let normalizing = NormalizingKernel(
                x: UnsafePointer(x.pointer), y: y.pointer, mean: mean, gain: mean + padded,
                shift: mean + 2 * padded, floor: activation.floor, ceiling: activation.ceiling)
            if let residual {
                kernels.forEach(
                    AddingKernel(normalizing: normalizing, residual: UnsafePointer(residual.pointer)))
            } else {
                kernels.forEach(normalizing)
            }
        }
        withExtendedLifetime((x, y, residual)) {}
        return y
    }

    /// `Σ dy` and `Σ dy · (x − mean)` of each channel, where `dy` counts only where the
    /// output of the activation, if there is one, lies between its bounds.
    func gradientSums(
        _ gradient: Tensor, output: Tensor?, ceiling: Float, mean: [Double], keepingSlope: Bool
    ) -> (slope: Tensor?, sums: [Double]) {
        let slope = keepingSlope ? Tensor(uninitialized: x.shape, layout: x.layout) : nil
        let rectified = RectifiedGradient(
            gradient: UnsafePointer(gradient.pointer), output: output.map { UnsafePointer($0.pointer) },
            ceiling: ceiling)
        let sums = padded(mean).withUnsafeBufferPointer { means -> [Double] in
            guard let mean = means.baseAddress else { return [] }
            return kernels.sums(
                GradientSumsKernel(
                    slope: rectified, x: UnsafePointer(x.pointer), mean: mean, kept: slope?.pointer))
        }
        withExtendedLifetime((x, gradient, output, slope)) {}
        return (slope, sums)
    }

    /// `dx = gain · dy + offset + slope · (x − mean)`.
    func inputGradient(
        _ gradient: Tensor, output: Tensor?, ceiling: Float, mean: [Double], gain: [Double],
        offsets: [Double], slopes: [Double]
    ) -> Tensor {
        let dx = Tensor(uninitialized: x.shape, layout: x.layout)
        let rectified = RectifiedGradient(
            gradient: UnsafePointer(gradient.pointer), output: output.map { UnsafePointer($0.pointer) },
            ceiling: ceiling)
        let constants = padded(mean) + padded(gain) + padded(offsets) + padded(slopes)
        let padded = kernels.geometry.paddedChannels
        constants.withUnsafeBufferPointer { constants in
            guard let mean = constants.baseAddress else { return }
            kernels.forEach(
                InputGradientKernel(
                    slope: rectified, x: UnsafePointer(x.pointer), dx: dx.pointer, mean: mean,
                    gain: mean + padded, offsets: mean + 2 * padded, slopes: mean + 3 * padded))
        }
        withExtendedLifetime((x, gradient, output, dx)) {}
        return dx
    }
}
