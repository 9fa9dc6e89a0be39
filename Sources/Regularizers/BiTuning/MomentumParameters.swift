public import Tensors

/// Parameters of a key encoder, which follow those of the encoder that is trained: `k ← m · k + (1 − m) · q`.
///
/// They get no gradient. Running statistics of batch normalization are none of them.
/// He, Fan, Wu, Xie and Girshick, Momentum contrast for unsupervised visual representation learning, CVPR 2020.
public struct MomentumParameters {
    private let key: [Variable]
    private let query: [Variable]

    /// Pairs parameters; those of different shapes trap.
    ///
    /// - Parameters:
    ///   - key: k, the parameters that follow.
    ///   - query: q, those that are trained, in the same order.
    public init(_ key: [Variable], following query: [Variable]) {
        precondition(
            key.map(\.shape) == query.map(\.shape),
            "\(key.count) parameters cannot follow \(query.count) of other shapes")
        (self.key, self.query) = (key, query)
    }

    /// Makes k equal to q, before the first step.
    public func copy() { for (key, query) in zip(key, query) { key.assign(query.value) } }

    /// One step of momentum m; local, and the same bits on every rank where k and q are.
    public func update(momentum: Double) {
        for (key, query) in zip(key, query) {
            key.value.interpolate(towards: query.value, by: 1 - momentum)
            key.valueDidChange()
        }
    }
}
