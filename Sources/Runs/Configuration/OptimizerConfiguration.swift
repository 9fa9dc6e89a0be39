/// The section `optimizer`: the rule that turns gradients into steps.
package struct OptimizerConfiguration: Sendable, Equatable {
    /// The optimizers of this version.
    package enum Name: String, Sendable, CaseIterable {
        /// Stochastic gradient descent with momentum.
        case sgd
    }

    /// The rule, key `name`. Default `sgd`.
    package var name: Name
    /// The rate η of new layers at the start, key `learning-rate`; above 0. Default 0.01.
    package var learningRate: Double
    /// The backbone's rate as a multiple of η, key `backbone-factor`; at least 0. Default 0.1 for a pretrained
    /// backbone, 1 for a random one, whose layers are as new as the head.
    package var backboneFactor: Double
    /// The momentum μ, key `momentum`; at least 0, below 1. Default 0.9.
    package var momentum: Double
    /// Whether the momentum is Nesterov's, key `nesterov`. Default true.
    package var nesterov: Bool
    /// The weight decay λ of every trained parameter, key `weight-decay`; at least 0. The default is the
    /// method's: 0.0005 for `fine-tune`, 0 for `l2-sp`.
    package var weightDecay: Double

    /// Reads the section.
    package init(reading reader: inout SectionReader, defaultWeightDecay: Double, isPretrained: Bool) throws {
        name = try reader.value("name", .choice, default: .sgd)
        learningRate = try reader.value("learning-rate", .number(.above(0)), default: 0.01)
        backboneFactor = try reader.value(
            "backbone-factor", .number(.atLeast(0)), default: isPretrained ? 0.1 : 1)
        momentum = try reader.value("momentum", .number(.atLeast(0, below: 1)), default: 0.9)
        nesterov = try reader.value("nesterov", .boolean, default: true)
        weightDecay = try reader.value("weight-decay", .number(.atLeast(0)), default: defaultWeightDecay)
    }

    /// The keys and values of the section.
    package var entries: [YAMLEntry] {
        [
            YAMLEntry("name", .text(name.rawValue)),
            YAMLEntry("learning-rate", .number(learningRate)),
            YAMLEntry("backbone-factor", .number(backboneFactor)),
            YAMLEntry("momentum", .number(momentum)),
            YAMLEntry("nesterov", .boolean(nesterov)),
            YAMLEntry("weight-decay", .number(weightDecay)),
        ]
    }
}
