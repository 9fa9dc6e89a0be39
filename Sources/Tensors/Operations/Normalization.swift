/// The passes over memory that batch normalization makes, for an input of elements `X` and an output of elements `Y`.
struct Normalization<X: StoredElement, Y: StoredElement> {
    let x: Tensor
    let kernels: ChannelKernels

    init(_ x: Tensor) {
        self.x = x
        kernels = ChannelKernels(geometry: ChannelGeometry(x))
    }

    private var elements: UnsafePointer<X> { UnsafePointer(x.pointer(to: X.self)) }

    /// A tensor beside the output, such as its gradient, in the input's layout and the output's type.
    func side(_ tensor: Tensor) -> Tensor { tensor.with(layout: x.layout).converted(to: Y.elementType) }

    private func padded(_ values: [Double]) -> [Float] {
        values.map(Float.init) + [Float](repeating: 0, count: kernels.geometry.paddedChannels - values.count)
    }

    func statistics(reducer: (any StatisticsReducer)?) throws -> BatchStatistics {
        var message = kernels.sums(MomentsKernel(x: elements))
        message.append(Double(kernels.geometry.samples * kernels.geometry.positions))
        try reducer?.allReduce(&message)
        let channels = x.shape[1]
        let count = message[2 * channels]
        let mean = message[..<channels].map { $0 / count }
        let variance = mean.indices.map { max(message[channels + $0] / count - mean[$0] * mean[$0], 0) }
        return BatchStatistics(mean: mean, variance: variance, count: count)
    }

    /// Mean, gain and shift of each channel.
    struct Constants {
        let mean: [Double]
        let gain: [Double]
        let shift: Tensor
    }

    /// Calls `body` with the constants of each channel, and with others behind them, as kernels read them.
    private func with<Result>(
        _ given: Constants, _ others: [[Double]] = [], _ body: (ChannelConstants) -> Result
    ) -> Result {
        let values = ([given.mean, given.gain, given.shift.elements.map(Double.init)] + others).flatMap(
            padded)
        return values.withUnsafeBufferPointer { values in
            guard let elements = values.baseAddress else {
                preconditionFailure("no channels in \(x.shape)")
            }
            return body(.init(elements: elements, paddedChannels: kernels.geometry.paddedChannels))
        }
    }

    func apply(_ given: Constants, residual: Tensor?, activation: Activation) -> Tensor {
        let y = Tensor(uninitialized: x.shape, layout: x.layout, elementType: Y.elementType)
        with(given) { constants in
            kernels.forEach(
                NormalizingKernel(
                    x: elements, residual: residual.map { UnsafePointer($0.pointer(to: Y.self)) },
                    y: y.pointer(to: Y.self), constants: constants, floor: activation.floor,
                    ceiling: activation.ceiling, isStreaming: kernels.isStreamed(Y.elementType)))
        }
        withExtendedLifetime((x, y, residual)) {}
        return y
    }

    private func rectified(
        _ gradient: Tensor, _ second: Tensor? = nil, _ mask: ActivationMask<Tensor>, _ ceiling: Float
    ) -> RectifiedGradient<Y> {
        RectifiedGradient(
            UnsafePointer(gradient.pointer(to: Y.self)),
            second.map { UnsafePointer($0.pointer(to: Y.self)) },
            mask.map { UnsafePointer($0.pointer(to: Y.self)) }, ceiling: ceiling)
    }

    /// `Σ dy` and `Σ dy · (x − mean)` of each channel, where `dy` counts only where the
    /// output of the activation, if there is one, lies between its bounds.
    ///
    /// - Parameters:
    ///   - result: The output as a variable, which gives its gradient away.
    ///   - mask: What tells where that is.
    ///   - keepingSlope: Whether `dy` before the activation is wanted as a tensor. Where the gradient is a sum that was
    ///     not formed yet, it is in any case; it overwrites the gradient if nothing else holds that.
    /// - Returns: `dy`, whether it is that before the activation, and the sums.
    func gradientSums(
        of result: Variable, mask: ActivationMask<Tensor>, ceiling: Float, _ given: Constants,
        keepingSlope: Bool
    ) -> (gradient: Tensor, isSlope: Bool, sums: [Double]) {
        let second = result.takeAddend().map(side)
        guard let taken = result.takeGradient() else { preconditionFailure("no gradient to pull back") }
        var first = side(consume taken)
        var slope: Tensor?
        if keepingSlope || second != nil {
            slope =
                first.isOwned
                ? first : Tensor(uninitialized: x.shape, layout: x.layout, elementType: Y.elementType)
        }
        let rectified = self.rectified(first, second, mask, ceiling)
        let sums = with(given) { constants in
            kernels.sums(
                GradientSumsKernel(
                    slope: rectified, x: elements, constants: constants, kept: slope?.pointer(to: Y.self)))
        }
        withExtendedLifetime((x, first, second, mask)) {}
        return (slope ?? first, slope != nil, sums)
    }

    /// `dx = gain · dy + offset + factor · (x − mean)`.
    func inputGradient(
        _ gradient: Tensor, mask: ActivationMask<Tensor>, ceiling: Float, _ given: Constants,
        offsets: [Double],
        factors: [Double]
    ) -> Tensor {
        let dx = Tensor(uninitialized: x.shape, layout: x.layout, elementType: X.elementType)
        let rectified = self.rectified(gradient, nil, mask, ceiling)
        with(given, [offsets, factors]) { constants in
            kernels.forEach(
                InputGradientKernel(
                    slope: rectified, x: elements, dx: dx.pointer(to: X.self), constants: constants,
                    isStreaming: kernels.isStreamed(X.elementType)))
        }
        withExtendedLifetime((x, gradient, mask, dx)) {}
        return dx
    }
}
