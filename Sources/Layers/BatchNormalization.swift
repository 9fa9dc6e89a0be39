public import Tensors

/// Batch normalization with running statistics: `y = (x − mean) / √(variance + ε) · weight + bias`.
///
/// In training, mean and variance are those of the batch, and the running statistics move towards them by
/// a tenth: `running ← 0.9 · running + 0.1 · batch`, the variance without bias. In evaluation, and where
/// normalization is frozen, the running statistics are used and stay as they are.
/// Ioffe and Szegedy, Batch normalization, ICML 2015.
public final class BatchNormalization: Layer {
    /// Scale, `[C]`.
    public let weight: Parameter
    /// Shift, `[C]`.
    public let bias: Parameter
    /// Name of the layer, prefix of its tensors' names.
    public let name: String
    /// Mean over past batches, `[C]`; changed in place. The same on all ranks if statistics are synchronized.
    public let runningMean: Tensor
    /// Unbiased variance over past batches, `[C]`; changed in place.
    public let runningVariance: Tensor

    private let counter = Counter()
    private let epsilon: Double
    private let momentum: Double

    /// A layer with weight 1, bias 0, running mean 0 and running variance 1.
    ///
    /// - Parameters:
    ///   - name: Prefix of the tensors' names.
    ///   - channels: Channels of the input.
    ///   - epsilon: Added to the variance.
    ///   - momentum: How far the running statistics move towards a batch.
    public init(name: String, channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1) {
        self.name = name
        weight = Parameter(name: name + ".weight", shape: [channels], role: .scale)
        bias = Parameter(name: name + ".bias", shape: [channels], role: .shift)
        weight.initialize(repeating: 1)
        runningMean = Tensor(repeating: 0, [channels])
        runningVariance = Tensor(repeating: 1, [channels])
        self.epsilon = epsilon
        self.momentum = momentum
    }

    /// Parameters in the order of published weights.
    public var parameters: [Parameter] { [weight, bias] }

    /// Running mean, running variance and the number of batches that they followed, by their published names.
    public var buffers: [Buffer] {
        [
            Buffer(name: name + ".running_mean", tensor: runningMean),
            Buffer(name: name + ".running_var", tensor: runningVariance),
            Buffer(name: name + ".num_batches_tracked", counter: counter),
        ]
    }

    /// Number of batches that the running statistics followed.
    public var batchCount: Int64 { counter.value }

    /// A layer of its own with the same numbers.
    public func copy() -> BatchNormalization {
        let copy = BatchNormalization(
            name: name, channels: weight.count, epsilon: epsilon, momentum: momentum)
        for (own, other) in zip(copy.parameters, parameters) { own.variable.assign(other.variable.value) }
        copy.buffers.assign(from: buffers)
        return copy
    }

    /// `[N, C, H, W]` to the same shape.
    ///
    /// - Throws: What the reducer of synchronized statistics throws.
    public func callAsFunction(_ input: Variable, _ context: ForwardContext) throws -> Variable {
        try self(input, residual: nil, activation: .none, context)
    }

    /// `[N, C, H, W]` to the same shape, optionally adding `residual` and activation.
    ///
    /// - Parameter elementType: What the output holds in memory; nil: what `input` holds.
    /// - Throws: What the reducer of synchronized statistics throws.
    public func callAsFunction(
        _ input: Variable, residual: Variable? = nil, activation: Activation = .none,
        elementType: ElementType? = nil, _ context: ForwardContext
    ) throws -> Variable {
        let measured = context.normalization == .frozen ? nil : context.remembered?.next()
        let statistics: NormalizationStatistics =
            switch context.normalization {
            case .synchronized: Self.statistics(measured, context.reducer)
            case .local: Self.statistics(measured, nil)
            case .frozen: .fixed(mean: runningMean, variance: runningVariance)
            }
        let result = try context.layer(name) {
            try context.tape.batchNormalization(
                input, scale: weight.variable, shift: bias.variable, statistics: statistics,
                epsilon: epsilon, residual: residual, activation: activation, elementType: elementType)
        }
        if let batch = result.batch, measured == nil {
            follow(batch)
            context.remembered?.add(batch)
        }
        return result.output
    }

    private static func statistics(
        _ measured: BatchStatistics?, _ reducer: (any StatisticsReducer)?
    ) -> NormalizationStatistics {
        measured.map { .measured($0, reducer) } ?? .batch(reducer)
    }

    /// The layer as it is in evaluation now, with copies of its parameters and running statistics.
    public func fixed() -> FixedNormalization {
        FixedNormalization(
            scale: weight.variable.value, shift: bias.variable.value, mean: runningMean,
            variance: runningVariance, epsilon: epsilon)
    }

    private func follow(_ batch: BatchStatistics) {
        let correction = batch.count / max(batch.count - 1, 1)
        Self.move(runningMean, towards: batch.mean, by: momentum)
        Self.move(runningVariance, towards: batch.variance.map { $0 * correction }, by: momentum)
        counter.value += 1
    }

    private static func move(_ running: Tensor, towards values: [Double], by momentum: Double) {
        let moved = zip(running.elements, values).map { Float((1 - momentum) * Double($0) + momentum * $1) }
        running.copy(from: Tensor(running.shape, moved))
    }
}
