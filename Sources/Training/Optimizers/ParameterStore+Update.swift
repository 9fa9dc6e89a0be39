package import Tensors

/// The values of quadratic penalties before a step.
package struct PenaltyValues {
    /// `Σ ½‖w − anchor‖²` over the backbone, before its weight: what a run reports.
    package var backbone = 0.0
    /// `Σ strength · ½‖w − anchor‖²` over all parameters in scope: their part of the objective.
    package var objective = 0.0
}

extension ParameterStore {
    /// Moves the parameters in scope by one step. Gradients have been all-reduced, so nothing here communicates.
    ///
    /// - Parameters:
    ///   - scope: What trains; the rest stays where it is, with its slots and its count of steps.
    ///   - optimizer: The rule.
    ///   - learningRate: η before the multipliers of the groups.
    ///   - maxGradientNorm: Upper bound of the norm of the whole gradient; nil for none. See `gradientScale`.
    ///   - penalty: The quadratic term of the method on a parameter.
    /// - Returns: The values of the penalties before the step.
    package func update(
        _ scope: TrainingScope, by optimizer: any Optimizer, learningRate: Double, maxGradientNorm: Double?,
        penalty: (Entry) -> QuadraticPenalty?
    ) -> PenaltyValues {
        let scale = maxGradientNorm.map { gradientScale(scope, maxNorm: $0, penalty: penalty) } ?? 1
        var values = PenaltyValues()
        for index in indices(in: scope) {
            let entry = entries[index]
            let term = penalty(entry)
            let update = ParameterUpdate(
                gradient: entry.gradient, learningRate: learningRate * entry.group.learningRateMultiplier,
                gradientScale: scale, penalty: term, stepCount: countStep(of: index))
            let value = optimizer.update(entry.parameter.variable.value, slots: entry.slots, with: update)
            entry.parameter.variable.valueDidChange()
            if entry.group.part == .backbone { values.backbone += value }
            values.objective += (term?.strength ?? 0) * value
        }
        return values
    }
}
