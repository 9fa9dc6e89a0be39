package import Training

/// The section `optimizer`: the rule that turns gradients into steps.
package struct OptimizerConfiguration: Sendable, Equatable {
    /// The optimizers of this version.
    package enum Name: String, Sendable, CaseIterable {
        /// Stochastic gradient descent with momentum.
        case sgd
        /// Adam with decoupled weight decay.
        case adamw
    }

    /// An optimizer with the keys that it alone has.
    package enum Rule: Sendable, Equatable {
        /// Stochastic gradient descent with momentum.
        case sgd(Momentum)
        /// Adam with decoupled weight decay.
        case adamW(Moments)
    }

    /// The keys of the optimizer `sgd`.
    package struct Momentum: Sendable, Equatable {
        /// The momentum μ, key `momentum`; at least 0, below 1. Default 0.9.
        package var momentum: Double
        /// Whether the momentum is Nesterov's, key `nesterov`. Default true.
        package var nesterov: Bool
    }

    /// The keys of the optimizer `adamw`.
    package struct Moments: Sendable, Equatable {
        /// β₁ and β₂, key `betas`; two numbers, each at least 0, below 1. Default [0.9, 0.999].
        package var betas: [Double]
        /// ε, key `epsilon`; 10⁻³⁰ … 1. Default 1e-8.
        package var epsilon: Double
    }

    /// The rule, key `name`, default `sgd`, with its keys.
    package var rule: Rule
    /// The rate η of new layers at the start, key `learning-rate`; above 0, at most 10⁶. The default is the rule's: 0.01 for
    /// `sgd`, 0.001 for `adamw`.
    package var learningRate: Double
    /// The backbone's rate as a multiple of η, key `backbone-factor`; 0 … 10⁶. Default 0.1 for a pretrained
    /// backbone, 1 for a random one, whose layers are as new as the head.
    package var backboneFactor: Double
    /// The weight decay λ of every trained parameter, key `weight-decay`; 0 … 10⁶. The default is the
    /// method's: 0.0005 for `fine-tune`, 0 for `l2-sp`.
    package var weightDecay: Double

    /// Reads the section.
    package init(reading reader: inout SectionReader, defaultWeightDecay: Double, isPretrained: Bool) throws {
        let name = try reader.value("name", .choice, default: Name.sgd)
        reader.keysBelong(to: "optimizer", named: name.rawValue)
        let defaultRate: Double
        switch name {
        case .sgd:
            rule = .sgd(
                Momentum(
                    momentum: try reader.value("momentum", .number(.atLeast(0, below: 1)), default: 0.9),
                    nesterov: try reader.value("nesterov", .boolean, default: true)))
            defaultRate = 0.01
        case .adamw:
            let two = ValueKind.list(of: .number(.atLeast(0, below: 1))).satisfying("with two entries") {
                $0.count == 2
            }
            rule = .adamW(
                Moments(
                    betas: try reader.value("betas", two, default: [0.9, 0.999]),
                    epsilon: try reader.value("epsilon", .number(.atLeast(1e-30, atMost: 1)), default: 1e-8)))
            defaultRate = 0.001
        }
        learningRate = try reader.value(
            "learning-rate", .number(.above(0, atMost: 1_000_000)), default: defaultRate)
        backboneFactor = try reader.value(
            "backbone-factor", .number(.atLeast(0, atMost: 1_000_000)), default: isPretrained ? 0.1 : 1)
        weightDecay = try reader.value(
            "weight-decay", .number(.atLeast(0, atMost: 1_000_000)), default: defaultWeightDecay)
    }

    /// The optimizer that the section describes.
    package func makeOptimizer() -> any Optimizer {
        switch rule {
        case .sgd(let own):
            SGD(momentum: own.momentum, isNesterov: own.nesterov, weightDecay: weightDecay)
        case .adamW(let own):
            AdamW(betas: (own.betas[0], own.betas[1]), epsilon: own.epsilon, weightDecay: weightDecay)
        }
    }

    /// The name, and the keys that the rule alone has.
    private var ruleEntries: (name: Name, own: [YAMLEntry]) {
        switch rule {
        case .sgd(let own):
            let entries = [
                YAMLEntry("momentum", .number(own.momentum)), YAMLEntry("nesterov", .boolean(own.nesterov)),
            ]
            return (.sgd, entries)
        case .adamW(let own):
            let entries = [
                YAMLEntry("betas", .list(own.betas.map(YAMLValue.number))),
                YAMLEntry("epsilon", .number(own.epsilon)),
            ]
            return (.adamw, entries)
        }
    }

    /// The keys and values of the section.
    package var entries: [YAMLEntry] {
        let (name, own) = ruleEntries
        return [
            YAMLEntry("name", .text(name.rawValue)), YAMLEntry("learning-rate", .number(learningRate)),
            YAMLEntry("backbone-factor", .number(backboneFactor)),
        ] + own + [YAMLEntry("weight-decay", .number(weightDecay))]
    }
}
