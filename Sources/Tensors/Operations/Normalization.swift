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
                    y: y.pointer(to: Y.self), constants: constants, paddedChannels: padded,
                    floor: activation.floor, ceiling: activation.ceiling,
                    isStreaming: kernels.isStreamed(Y.elementType)))
        }
        withExtendedLifetime((x, y, residual)) {}
        return y
    }

    private func rectified(
        _ gradient: Tensor, _ second: Tensor? = nil, _ output: Tensor?, _ ceiling: Float
    ) -> RectifiedGradient<Y> {
        RectifiedGradient(
            gradient: UnsafePointer(gradient.pointer(to: Y.self)),
            second: second.map { UnsafePointer($0.pointer(to: Y.self)) },
            output: output.map { UnsafePointer($0.pointer(to: Y.self)) }, ceiling: ceiling)
    }

    /// `Σ dy` and `Σ dy · (x − mean)` of each channel, where `dy` counts only where the
    /// output of the activation, if there is one, lies between its bounds.
    ///
    /// - Parameters:
    ///   - result: The output as a variable, which gives its gradient away.
    ///   - output: What the activation gave, or nil without one.
    ///   - keepingSlope: Whether `dy` before the activation is wanted as a tensor. Where the gradient is a sum that was
    ///     not formed yet, it is in any case; it overwrites the gradient if nothing else holds that.
    /// - Returns: `dy`, whether it is that before the activation, and the sums.
    func gradientSums(
        of result: Variable, rectified output: Tensor?, ceiling: Float, mean: [Double], keepingSlope: Bool
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
        let rectified = self.rectified(first, second, output, ceiling)
        let sums = padded(mean).withUnsafeBufferPointer { means -> [Double] in
            guard let mean = means.baseAddress else { return [] }
            return kernels.sums(
                GradientSumsKernel(
                    slope: rectified, x: elements, mean: mean, kept: slope?.pointer(to: Y.self)))
        }
        withExtendedLifetime((x, first, second, output)) {}
        return (slope ?? first, slope != nil, sums)
    }

    /// `dx = gain · dy + offset + slope · (x − mean)`.
    func inputGradient(
        _ gradient: Tensor, output: Tensor?, ceiling: Float, mean: [Double], gain: [Double],
        offsets: [Double], slopes: [Double]
    ) -> Tensor {
        let dx = Tensor(uninitialized: x.shape, layout: x.layout, elementType: X.elementType)
        let rectified = self.rectified(gradient, nil, output, ceiling)
        let constants = padded(mean) + padded(gain) + padded(offsets) + padded(slopes)
        let padded = kernels.geometry.paddedChannels
        constants.withUnsafeBufferPointer { constants in
            guard let constants = constants.baseAddress else { return }
            kernels.forEach(
                InputGradientKernel(
                    slope: rectified, x: elements, dx: dx.pointer(to: X.self), constants: constants,
                    paddedChannels: padded,
                    isStreaming: kernels.isStreamed(X.elementType)))
        }
        withExtendedLifetime((x, gradient, output, dx)) {}
        return dx
    }
}
