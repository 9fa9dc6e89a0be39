internal import Hosts
public import Layers
internal import ProcessGroups
internal import Tensors

/// Co-Tuning: the source head is fine-tuned, too, towards the source classes that a target class looks like,
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
        /// Not at all: a file that `ballast relate` or an earlier run wrote is used. It is refused if it was
        /// computed from other weights, samples or another transform, by another version, or by `reverse` with another
        /// scale than a given one.
        case file(String, sourceLogitScale: Double? = nil)
    }

    private let head: Linear
    private let tradeOff: Double
    private let learning: Learning
    /// p(y_s | y_t), `[K, S]`, equal on every rank.
    private var relationship = Tensor([0, 0], [])

    /// - Parameters:
    ///   - head: The pretrained network's classifier, which is fine-tuned, too.
    ///   - tradeOff: a.
    ///   - learning: How the relationship is learned.
    public init(head: Linear, tradeOff: Double, learning: Learning) {
        (self.head, self.tradeOff, self.learning) = (head, tradeOff, learning)
    }

    /// The source head.
    public var ownParameters: [Parameter] { head.parameters }

    /// Learns or reads the relationship and saves `relationship.safetensors` and `relationship.csv`.
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

    /// Learns the relationship of source and target classes from the samples of all ranks, or reads its file.
    ///
    /// - Throws: `CollectiveFailure` where a class has no sample, the samples cannot be read, or a file is not
    ///   of this network and these samples.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public static func learn(
        _ learning: Learning, head: Linear, _ preparation: Preparation
    ) throws -> Relationship {
        let scale: Double? =
            switch learning {
            case .direct: nil
            case .reverse(let given): given
            case .file(_, let given): given
            }
        let key = RelationshipKey(
            weights: preparation.weightsDigest, samples: digest(preparation.training),
            validationSamples: preparation.validation.map(digest),
            transform: preparation.training.transform, sourceLogitScale: scale)
        if case .file(let path, _) = learning {
            let found = try Relationship.read(
                from: path, classNames: preparation.training.classNames,
                sourceClassCount: head.weight.shape[0], key: key, group: preparation.group)
            preparation.say("relationship: \(path) is used, method \(found.method.rawValue)")
            return found
        }
        var learned = try learn(
            learning, SourceModel(backbone: try preparation.backbone.frozen(keeping: []), head: head),
            preparation)
        learned.key = key
        return learned
    }

    private static func learn(
        _ learning: Learning, _ source: SourceModel, _ preparation: Preparation
    ) throws -> Relationship {
        let group = preparation.group
        let classNames = preparation.training.classNames
        let (logits, labels) = try group.agree { try source.localLogits(preparation.training, group) }
        guard case .reverse(let scale) = learning else {
            return try .direct(logits: logits, labels: labels, classNames: classNames, group: group)
        }
        let (validationLogits, validationLabels) = try group.agree {
            guard let validation = preparation.validation else { throw MissingValidationError() }
            return try source.localLogits(validation, group)
        }
        return try .reverse(
            trainLogits: logits, trainLabels: labels, validationLogits: validationLogits,
            validationLabels: validationLabels, classNames: classNames, sourceLogitScale: scale,
            group: group)
    }

    private static func digest(_ samples: any SampleSource) -> String {
        String(samples.fingerprint, radix: 16)
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

    /// Restores the relationship.
    public func restore(_ state: [NamedTensor]) throws {
        let saved = try state.tensor("relationship", shape: relationship.shape)
        let names = (0..<saved.shape[0]).map { "\($0)" }
        relationship = try Relationship(probabilities: saved, classNames: names).probabilities
    }
}

/// `relationship: reverse` chooses by validation, and there is none.
struct MissingValidationError: Error, ExitCodeProviding, CustomStringConvertible {
    let description =
        "relationship: reverse chooses its regression by a validation split; set data.validation, or use direct"
    var exitCode: Int32 { ExitCode.wrongUse }
}
