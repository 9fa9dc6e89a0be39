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
    /// From the batch, and measured before: nothing is communicated in the forward pass.
    case measured(BatchStatistics, (any StatisticsReducer)?)
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
    ///   - elementType: What the output holds in memory; nil: what `input` holds. Statistics are sums in 64 bits
    ///     whatever the types.
    /// - Returns: `[N, C, H, W]` in the layout of `input`, and the statistics of the batch where it was used.
    /// - Throws: What the reducer throws.
    public func batchNormalization(
        _ input: Variable, scale: Variable, shift: Variable, statistics: NormalizationStatistics,
        epsilon: Double = 1e-5, residual: Variable? = nil, activation: Activation = .none,
        elementType: ElementType? = nil
    ) throws -> (output: Variable, batch: BatchStatistics?) {
        let x = input.value
        let channels = x.shape[1]
        precondition(
            scale.shape == [channels] && shift.shape == [channels],
            "scale \(scale.shape) and shift \(shift.shape) for \(x.shape)")
        precondition(
            residual == nil || residual?.shape == x.shape, "residual of another shape than \(x.shape)")
        func recorded<X, Y>(_ passes: Normalization<X, Y>) throws -> (Variable, BatchStatistics?) {
            try normalized(
                input, passes, scale: scale, shift: shift, statistics: statistics, epsilon: epsilon,
                residual: residual, activation: activation)
        }
        switch (x.elementType, elementType ?? x.elementType) {
        case (.float32, .float32): return try recorded(Normalization<Float, Float>(x))
        case (.float32, .bfloat16): return try recorded(Normalization<Float, BFloat16>(x))
        case (.bfloat16, .bfloat16): return try recorded(Normalization<BFloat16, BFloat16>(x))
        case (.bfloat16, .float32): return try recorded(Normalization<BFloat16, Float>(x))
        }
    }

    /// Batch normalization of one pair of types.
    private func normalized<X, Y>(
        _ input: Variable, _ normalization: Normalization<X, Y>, scale: Variable, shift: Variable,
        statistics: NormalizationStatistics, epsilon: Double, residual: Variable?, activation: Activation
    ) throws -> (output: Variable, batch: BatchStatistics?) {
        let x = input.value
        let channels = x.shape[1]
        let batch: BatchStatistics?
        let reducer: (any StatisticsReducer)?
        let mean: [Double]
        let variance: [Double]
        switch statistics {
        case .batch(let given):
            let measured = try normalization.statistics(reducer: given)
            (batch, reducer, mean, variance) = (measured, given, measured.mean, measured.variance)
        case .measured(let measured, let given):
            (batch, reducer, mean, variance) = (measured, given, measured.mean, measured.variance)
        case .fixed(let fixedMean, let fixedVariance):
            (batch, reducer) = (nil, nil)
            (mean, variance) = (fixedMean.elements.map(Double.init), fixedVariance.elements.map(Double.init))
        }
        let inverse = variance.map { 1 / ($0 + epsilon).squareRoot() }
        // With given numbers the quotient of `FixedNormalization`: a network and its frozen copy agree to the bit.
        let gain = zip(scale.value.elements, zip(variance, inverse)).map { scale, of in
            batch == nil ? Double(scale) / (of.0 + epsilon).squareRoot() : Double(scale) * of.1
        }
        let constants = Normalization<X, Y>.Constants(mean: mean, gain: gain, shift: shift.value)
        let y = normalization.apply(
            constants, residual: residual.map { normalization.side($0.value) }, activation: activation)
        let mask: ActivationMask<Tensor> =
            activation == .none ? .none : residual == nil ? .normalized : .output(y)
        let inputs = [input, scale, shift] + (residual.map { [$0] } ?? [])
        let output = record(
            y, from: inputs,
            taking: { [unowned self] output in
                let (passed, isSlope, sums) = normalization.gradientSums(
                    of: output, mask: mask, ceiling: activation.ceiling, constants,
                    keepingSlope: residual != nil && activation != .none)
                if shift.requiresGradient {
                    shift.accumulate(Tensor([channels], sums[..<channels].map(Float.init)))
                }
                if scale.requiresGradient {
                    let share = (0..<channels).map { Float(sums[channels + $0] * inverse[$0]) }
                    scale.accumulate(Tensor([channels], share))
                }
                if let residual, residual.requiresGradient { residual.accumulate(passed) }
                var total = sums
                if batch != nil { try reducer?.allReduce(&total, during: runPostponed) }
                guard input.requiresGradient else { return }
                let count = batch?.count ?? .infinity
                let offsets = (0..<channels).map { -gain[$0] * total[$0] / count }
                let factors = (0..<channels).map {
                    -gain[$0] * inverse[$0] * inverse[$0] * total[channels + $0] / count
                }
                input.accumulate(
                    normalization.inputGradient(
                        passed, mask: isSlope ? .none : mask, ceiling: activation.ceiling, constants,
                        offsets: offsets, factors: factors))
            })
        return (output, batch)
    }
}
