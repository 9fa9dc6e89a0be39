package import Tensors

extension ParameterStore {
    /// Factor that shortens the whole gradient to an upper bound: `min(1, maxNorm / ‖g‖)`.
    ///
    /// The norm is over all parameters in scope, the gradients of penalties included, weight decay not.
    /// Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, ICML 2013.
    package func gradientScale(
        _ scope: TrainingScope, maxNorm: Double, penalty: (Entry) -> QuadraticPenalty?
    ) -> Double {
        var square = 0.0
        for entry in entries[indices(in: scope)] {
            square += (penalty(entry) ?? QuadraticPenalty(strength: 0)).squaredGradientNorm(
                of: entry.parameter.variable.value, gradient: entry.gradient)
        }
        // The small number is PyTorch's guard against a division by zero.
        return min(1, maxNorm / (square.squareRoot() + 1e-6))
    }
}
