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

    func apply(
        mean: [Double], gain: [Double], shift: Tensor, residual: Tensor?, activation: Activation
    ) -> Tensor {
        let y = Tensor(uninitialized: x.shape, layout: x.layout, elementType: Y.elementType)
        let constants = padded(mean) + padded(gain) + padded(shift.elements.map(Double.init))
        let padded = kernels.geometry.paddedChannels
        constants.withUnsafeBufferPointer { constants in
            guard let constants = constants.baseAddress else { return }
            kernels.forEach(
                NormalizingKernel(
                    x: elements, residual: residual.map { UnsafePointer($0.pointer(to: Y.self)) },
                    y: y.pointer(to: Y.self),
                    constants: ChannelConstants(elements: constants, paddedChannels: padded),
                    floor: activation.floor, ceiling: activation.ceiling,
                    isStreaming: kernels.isStreamed(Y.elementType)))
        }
        withExtendedLifetime((x, y, residual)) {}
        return y
    }

    private func rectified(
        _ gradient: Tensor, _ second: Tensor? = nil, _ mask: Mask, _ ceiling: Float
    ) -> RectifiedGradient<Y> {
        let pointers: RectifiedGradient<Y>.Mask =
            switch mask {
            case .none: .none
            case .output(let output): .output(UnsafePointer(output.pointer(to: Y.self)))
            case .normalized: .normalized
            }
        return RectifiedGradient(
            UnsafePointer(gradient.pointer(to: Y.self)),
            second.map { UnsafePointer($0.pointer(to: Y.self)) }, pointers, ceiling: ceiling)
    }

    /// What tells where the activation passes a gradient.
    enum Mask {
        /// There is no activation, or the gradient is that before it already.
        case none
        /// The output, as something was added before the activation.
        case output(Tensor)
        /// The normalized input, computed once more.
        case normalized
    }

    /// Mean, gain and shift of each channel.
    struct Constants {
        let mean: [Double]
        let gain: [Double]
        let shift: Tensor
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
        of result: Variable, mask: Mask, ceiling: Float, _ given: Constants, keepingSlope: Bool
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
        let constants =
            padded(given.mean) + padded(given.gain) + padded(given.shift.elements.map(Double.init))
        let sums = constants.withUnsafeBufferPointer { constants -> [Double] in
            guard let elements = constants.baseAddress else { return [] }
            return kernels.sums(
                GradientSumsKernel(
                    slope: rectified, x: self.elements,
                    constants: .init(elements: elements, paddedChannels: kernels.geometry.paddedChannels),
                    kept: slope?.pointer(to: Y.self)))
        }
        withExtendedLifetime((x, first, second, mask)) {}
        return (slope ?? first, slope != nil, sums)
    }

    /// `dx = gain · dy + offset + factor · (x − mean)`.
    func inputGradient(
        _ gradient: Tensor, mask: Mask, ceiling: Float, _ given: Constants, offsets: [Double],
        factors: [Double]
    ) -> Tensor {
        let dx = Tensor(uninitialized: x.shape, layout: x.layout, elementType: X.elementType)
        let rectified = self.rectified(gradient, nil, mask, ceiling)
        let constants =
            padded(given.mean) + padded(given.gain) + padded(given.shift.elements.map(Double.init))
            + padded(offsets) + padded(factors)
        constants.withUnsafeBufferPointer { constants in
            guard let elements = constants.baseAddress else { return }
            kernels.forEach(
                InputGradientKernel(
                    slope: rectified, x: self.elements, dx: dx.pointer(to: X.self),
                    constants: .init(elements: elements, paddedChannels: kernels.geometry.paddedChannels),
                    isStreaming: kernels.isStreamed(X.elementType)))
        }
        withExtendedLifetime((x, gradient, mask, dx)) {}
        return dx
    }
}
