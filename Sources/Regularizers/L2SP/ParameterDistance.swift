public import ProcessGroups
public import Tensors

extension Tape {
    /// This rank's share of L2 regularization, `½ Σ ‖w‖²` over a list of parameters, in 64 bits.
    ///
    /// It depends on the parameters alone, which are equal on every rank: rank 0's share is all of it, and
    /// that of the others is 0 with a gradient of 0, so that the shares add up. A `Regularizer` states the same
    /// as a `parameterPenalty`, which enters after the all-reduce, in the optimizer's pass.
    ///
    /// - Parameters:
    ///   - parameters: w, of any shapes; at least one.
    ///   - group: The ranks whose shares are added; one process alone, unless given. Nothing is communicated.
    /// - Returns: A scalar.
    public func l2(_ parameters: [Variable], over group: any ProcessGroup = SoloGroup()) -> Variable {
        parameterDistance(parameters, from: parameters.map { _ in nil }, group)
    }

    /// This rank's share of L2-SP, `½ Σ ‖w − w⁰‖²` over a list of parameters, in 64 bits: the pull to the
    /// starting point. Shares are those of `l2`.
    /// Li, Grandvalet and Davoine, Explicit inductive bias for transfer learning with convolutional networks,
    /// ICML 2018.
    ///
    /// - Parameters:
    ///   - parameters: w, of any shapes; at least one.
    ///   - startingPoint: w⁰, as many and of the same shapes: copies, for example `w.value.duplicate()`, that
    ///     training does not change. No gradient flows into them.
    ///   - group: As for `l2`.
    /// - Returns: A scalar.
    public func l2SP(
        _ parameters: [Variable], from startingPoint: [Tensor], over group: any ProcessGroup = SoloGroup()
    ) -> Variable {
        precondition(
            parameters.count == startingPoint.count
                && zip(parameters, startingPoint).allSatisfy { $0.shape == $1.shape },
            "parameters of \(parameters.map(\.shape)) and a starting point of \(startingPoint.map(\.shape))")
        return parameterDistance(parameters, from: startingPoint.map { $0.dense() }, group)
    }

    /// `½ Σ ‖w − anchor‖²` on rank 0 and 0 elsewhere; nil anchors are zeros.
    private func parameterDistance(
        _ parameters: [Variable], from anchors: [Tensor?], _ group: any ProcessGroup
    ) -> Variable {
        precondition(!parameters.isEmpty, "a penalty on no parameters")
        let share = group.rank == 0 ? 1.0 : 0
        let value = zip(parameters, anchors).reduce(0.0) { sum, pair in
            sum + QuadraticPenalty(strength: 1, anchor: pair.1).value(of: pair.0.value.dense())
        }
        return record(Tensor(scalar: Float(share * value)), from: parameters) { gradient in
            let factor = Float(share) * gradient.scalar
            for (parameter, anchor) in zip(parameters, anchors) where parameter.requiresGradient {
                let w = parameter.value.dense()
                parameter.accumulate(
                    anchor.map { w.combined(with: $0) { factor * ($0 - $1) } } ?? w.scaled(by: factor))
            }
        }
    }
}
