internal import Regularizers
internal import Tensors

/// Stochastic gradient descent with momentum:
///
///     g ← g + λw;   m ← μm + g;   w ← w − η(g + μm), or w ← w − ηm without Nesterov's look ahead
///
/// The method's quadratic terms on parameters enter here, after the sum over the ranks, and so does clipping:
/// both are equal on every rank and need no communication. Sutskever et al., On the importance of
/// initialization and momentum in deep learning, ICML 2013, in PyTorch's form.
public struct SGD: Sendable {
    /// μ.
    public let momentum: Double
    /// Whether to look ahead by Nesterov's rule.
    public let isNesterov: Bool
    /// λ, on every trained parameter.
    public let weightDecay: Double
    /// Longest gradient; longer ones are shortened to it. Nil: no limit.
    public let maxGradientNorm: Double?

    /// An optimizer from its constants.
    public init(momentum: Double, isNesterov: Bool, weightDecay: Double, maxGradientNorm: Double? = nil) {
        (self.momentum, self.isNesterov, self.weightDecay) = (momentum, isNesterov, weightDecay)
        self.maxGradientNorm = maxGradientNorm
    }

    /// The value of quadratic terms before a step.
    struct Penalties {
        /// `Σ ½‖w − anchor‖²` over the backbone, before its weight: what is reported.
        var backbone = 0.0
        /// `Σ strength · ½‖w − anchor‖²` over everything: its part in the objective.
        var objective = 0.0
    }

    /// Moves all parameters by one step.
    ///
    /// - Parameters:
    ///   - store: Parameters with their gradients, summed over the ranks.
    ///   - rate: η before the factors of the groups.
    ///   - regularizer: Names the quadratic terms.
    ///   - headOnly: Whether all parameters but those of the new head stay where they are.
    /// - Returns: The value of the quadratic terms before the step.
    func step(
        _ store: ParameterStore, rate: Double, regularizer: any Regularizer, headOnly: Bool
    ) -> Penalties {
        let entries = headOnly ? store.entries.filter { $0.group.part == .head } : store.entries
        let terms = entries.map { regularizer.parameterPenalty(on: $0.parameter, of: $0.group.part) }
        let scale = gradientScale(entries, terms)
        var penalties = Penalties()
        for (entry, term) in zip(entries, terms) {
            let step = MomentumStep(
                rate: rate * entry.group.learningRateMultiplier, momentum: momentum, isNesterov: isNesterov,
                weightDecay: weightDecay, gradientScale: scale)
            let value = entry.parameter.variable.value.descend(
                gradient: entry.gradient, momentum: entry.momentum, step: step, penalty: term)
            entry.parameter.variable.valueDidChange()
            if entry.group.part == .backbone { penalties.backbone += value }
            penalties.objective += (term?.strength ?? 0) * value
        }
        return penalties
    }

    private func gradientScale(_ entries: [ParameterStore.Entry], _ terms: [QuadraticPenalty?]) -> Double {
        guard let maxGradientNorm else { return 1 }
        let square = zip(entries, terms).reduce(0.0) { sum, pair in
            let (entry, term) = pair
            return sum
                + (term ?? QuadraticPenalty(strength: 0)).squaredGradientNorm(
                    of: entry.parameter.variable.value, gradient: entry.gradient)
        }
        // The small number is PyTorch's guard against a division by zero.
        return min(1, maxGradientNorm / (square.squareRoot() + 1e-6))
    }
}
