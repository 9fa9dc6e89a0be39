public import Tensors

/// Stochastic gradient descent with momentum:
///
///     g ← g + λw;   m ← μm + g;   w ← w − η(g + μm), or w ← w − ηm without Nesterov's look-ahead
///
/// with g the gradient of the whole objective, penalties included. Sutskever et al., On the importance of
/// initialization and momentum in deep learning, ICML 2013, in PyTorch's form.
public struct SGD: Optimizer {
    /// μ.
    public let momentum: Double
    /// Whether to look ahead by Nesterov's rule.
    public let isNesterov: Bool
    /// λ, on every trained parameter.
    public let weightDecay: Double

    /// An optimizer from its hyper-parameters.
    public init(momentum: Double, isNesterov: Bool, weightDecay: Double) {
        (self.momentum, self.isNesterov, self.weightDecay) = (momentum, isNesterov, weightDecay)
    }

    /// m.
    public var slotNames: [String] { ["momentum"] }

    /// One step of one parameter.
    public func update(_ parameter: Tensor, slots: [Tensor], with update: ParameterUpdate) -> Double {
        parameter.descend(
            gradient: update.gradient, momentum: slots[0],
            step: MomentumStep(
                rate: update.learningRate, momentum: momentum, isNesterov: isNesterov,
                weightDecay: weightDecay, gradientScale: update.gradientScale),
            penalty: update.penalty)
    }
}
