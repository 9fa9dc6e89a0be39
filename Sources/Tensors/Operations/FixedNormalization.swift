/// Batch normalization with numbers that never change:
/// `y = (x − mean[c]) · gain[c] + shift[c]` with `gain = scale / √(variance + ε)`.
public struct FixedNormalization: Sendable {
    private let mean: [Double]
    private let gain: [Double]
    private let shift: Tensor

    /// A normalization with copies of the given numbers.
    ///
    /// - Parameters:
    ///   - scale: `[C]`.
    ///   - shift: `[C]`.
    ///   - mean: `[C]`.
    ///   - variance: `[C]`.
    ///   - epsilon: Added to the variance.
    public init(scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, epsilon: Double) {
        precondition(
            [shift, mean, variance].allSatisfy { $0.shape == scale.shape } && scale.shape.rank == 1,
            "scale \(scale.shape), shift \(shift.shape), mean \(mean.shape), variance \(variance.shape)")
        self.mean = mean.elements.map(Double.init)
        gain = zip(scale.elements, variance.elements).map {
            Double($0) / (Double($1) + epsilon).squareRoot()
        }
        self.shift = shift.duplicate()
    }

    /// Number of channels, C.
    public var channelCount: Int { gain.count }

    /// What the normalization makes of zeros: `shift[c] − mean[c] · gain[c]`.
    var offsets: [Double] {
        zip(shift.elements, zip(mean, gain)).map { Double($0) - $1.0 * $1.1 }
    }

    /// `[N, C, H, W]` to the same shape, optionally adding `residual` and activation, in one pass.
    ///
    /// - Parameter elementType: What the output holds in memory; nil: what `input` holds.
    public func callAsFunction(
        _ input: Tensor, residual: Tensor? = nil, activation: Activation = .none,
        elementType: ElementType? = nil
    ) -> Tensor {
        precondition(input.shape[1] == channelCount, "\(channelCount) channels expected in \(input.shape)")
        precondition(
            residual == nil || residual?.shape == input.shape, "residual of another shape than \(input.shape)"
        )
        func applied<X, Y>(_ passes: Normalization<X, Y>) -> Tensor {
            passes.apply(
                .init(mean: mean, gain: gain, shift: shift), residual: residual.map(passes.side),
                activation: activation)
        }
        switch (input.elementType, elementType ?? input.elementType) {
        case (.float32, .float32): return applied(Normalization<Float, Float>(input))
        case (.float32, .bfloat16): return applied(Normalization<Float, BFloat16>(input))
        case (.bfloat16, .bfloat16): return applied(Normalization<BFloat16, BFloat16>(input))
        case (.bfloat16, .float32): return applied(Normalization<BFloat16, Float>(input))
        }
    }

    /// The weights and bias of one convolution that does what a convolution without bias and this
    /// normalization do: `weight[o] · gain[o]` and `shift[o] − mean[o] · gain[o]`.
    ///
    /// - Parameter weight: `[C, I / groups, KH, KW]`.
    public func folded(into weight: Tensor) -> (weight: Tensor, bias: Tensor) {
        precondition(weight.shape[0] == channelCount, "\(channelCount) filters expected in \(weight.shape)")
        let filterCount = weight.count / channelCount
        let scaled = Tensor(weight.shape) { buffer in
            weight.withElements { elements in
                for index in elements.indices {
                    buffer[index] = Float(Double(elements[index]) * gain[index / filterCount])
                }
            }
        }
        return (scaled, Tensor([channelCount], offsets.map(Float.init)))
    }
}
