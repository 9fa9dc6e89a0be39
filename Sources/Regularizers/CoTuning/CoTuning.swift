internal import Hosts
public import Layers
internal import ProcessGroups
internal import Tensors

/// Co-Tuning: the source head trains along, towards what source classes a target class looks like,
///
///     L = (1/B) Σ CE + a · (1/B) Σ CE(source head, p(y_s | y_t))
///
/// The relationship p(y_s | y_t) of source and target classes is learned before the first step; rank 0, the
/// coordinator, assembles, checks, saves and broadcasts it.
/// You, Kou, Long and Wang, Co-Tuning for transfer learning, NeurIPS 2020.
public final class CoTuning: Regularizer {
    /// How the relationship is learned.
    public enum Learning: Sendable {
        /// The mean of the source probabilities over a target class.
        case direct
        /// By regressions from source probabilities to target classes, with the inverse temperature of the
        /// source model's logits.
        case reverse(sourceLogitScale: Double)
    }

    private let head: Linear
    private let tradeOff: Double
    private let learning: Learning
    /// p(y_s | y_t), `[K, S]`, equal on every rank.
    private var relationship = Tensor([0, 0], [])

    /// - Parameters:
    ///   - head: The pretrained network's classifier, which trains along.
    ///   - tradeOff: a.
    ///   - learning: How the relationship is learned.
    public init(head: Linear, tradeOff: Double, learning: Learning) {
        (self.head, self.tradeOff, self.learning) = (head, tradeOff, learning)
    }

    /// The source head.
    public var ownParameters: [Parameter] { head.parameters }

    /// Learns the relationship and saves `relationship.safetensors` and `relationship.csv`.
    public func prepare(_ preparation: Preparation) throws {
        let learned = try Self.learn(learning, head: head, preparation)
        try preparation.group.coordinate { () throws -> Void in
            try learned.write(to: preparation.directory + "/relationship.safetensors")
        }
        for line in learned.words(count: 3, sourceClassNames: preparation.sourceClassNames) {
            preparation.say(line)
        }
        relationship = learned.probabilities
    }

    /// Learns the relationship of source and target classes from the samples of all ranks.
    ///
    /// - Throws: `CollectiveFailure` where a class has no sample or the samples cannot be read.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public static func learn(
        _ learning: Learning, head: Linear, _ preparation: Preparation
    ) throws -> Relationship {
        let group = preparation.group
        let source = SourceModel(backbone: try preparation.backbone.frozen(keeping: []), head: head)
        let (logits, labels) = try group.agree { try source.localLogits(preparation.training, group) }
        switch learning {
        case .direct:
            return try .direct(
                logits: logits, labels: labels, classNames: preparation.training.classNames, group: group)
        case .reverse(let scale):
            let (validationLogits, validationLabels) = try group.agree {
                guard let validation = preparation.validation else { throw MissingValidationError() }
                return try source.localLogits(validation, group)
            }
            return try .reverse(
                trainLogits: logits, trainLabels: labels, validationLogits: validationLogits,
                validationLabels: validationLabels, classNames: preparation.training.classNames,
                sourceLogitScale: scale, group: group)
        }
    }

    /// `(1/B) Σ CE(source head, p(y_s | y_t))`.
    public func penalty(_ step: StepInput) throws -> WeightedPenalty? {
        let logits = head(step.features, step.context)
        let value = step.context.tape.softCrossEntropy(
            logits, targets: relationship.gathered(rows: step.labels), divisor: step.globalBatch)
        return WeightedPenalty(value, weight: tradeOff)
    }

    /// The relationship.
    public var state: [NamedTensor] { [NamedTensor("relationship", relationship)] }

    /// Takes the relationship back.
    public func restore(_ state: [NamedTensor]) throws { relationship = try state.tensor("relationship") }
}

/// `relationship: reverse` chooses by validation, and there is none.
struct MissingValidationError: Error, ExitCodeProviding, CustomStringConvertible {
    let description =
        "relationship: reverse chooses its regression by a validation split; set data.validation, or use direct"
    var exitCode: Int32 { ExitCode.wrongUse }
}

extension Relationship {
    /// The relationship in words, a line for each target class: `class coat looks like pullover 81 %, …`.
    ///
    /// - Parameters:
    ///   - count: Source classes named for each.
    ///   - sourceClassNames: Their names; nil for their numbers.
    public func words(count: Int, sourceClassNames: [String]?) -> [String] {
        nearestSourceClasses(count: count).map { target, sources in
            let named = sources.map { source in
                let name = sourceClassNames.map { $0[source.index] } ?? "source class \(source.index)"
                return "\(name) \(Int((source.probability * 100).rounded())) %"
            }
            return "class \(target) looks like \(named.joined(separator: ", "))"
        }
    }
}
