internal import Hosts
public import Layers
internal import ProcessGroups
package import Tensors

/// Co-Tuning: the source head is fine-tuned, too, towards the source classes that a target class looks like,
///
///     L = (1/B) Σ CE + a · (1/B) Σ CE(source head, p(y_s | y_t))
///
/// The relationship p(y_s | y_t) of source and target classes is learned before the first step; rank 0, the
/// coordinator, assembles, checks, saves and broadcasts it. No checkpoint carries it: a run that goes on reads
/// `relationship.safetensors` of its folder.
///
/// Memory of each rank beyond plain fine-tuning: the relationship, `4 · K · S` bytes, and the source head,
/// `12 · S · (F + 1)` with momentum. While the relationship is learned, about `16 · n · S / R` for the direct method; the
/// reverse one has all samples on every rank, about `12 · (n + m) · S` with m validation samples.
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
    package private(set) var relationship = Tensor([0, 0], [])

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
    ///
    /// - Throws: As `learn` does; `CollectiveFailure` (65) where a run goes on with another relationship than it began
    ///   with, since the file that it was given has changed.
    public func prepare(_ preparation: Preparation) throws {
        let learned = try kept(preparation)
        for line in learned.words(count: 3) { preparation.say(line) }
        relationship = learned.probabilities
    }

    /// The relationship that an earlier start of the run left in its folder, or a new one, which is written there.
    private func kept(_ preparation: Preparation) throws -> Relationship {
        let key = try PreparationKey(
            preparation,
            settings: [
                "relationship 1", "\(learning)",
                preparation.validation.map { String($0.fingerprint, radix: 16) } ?? "none",
            ])
        let file = KeptRelationship(
            path: preparation.directory + "/relationship.safetensors",
            classNames: preparation.training.classNames, sourceClassCount: head.weight.shape[0], key: key,
            preparation: preparation)
        if case .file(let given, _) = learning {
            // It may lie elsewhere and be small: read again, so that its own checks hold.
            let learned = try Self.learn(learning, head: head, preparation)
            try file.requireSame(as: learned, givenAs: given)
            try file.write(learned)
            return learned
        }
        if var found = try file.read() {
            // An earlier version wrote none.
            found.sourceClassNames = found.sourceClassNames ?? preparation.sourceClassNames
            return found
        }
        let learned = try Self.learn(learning, head: head, preparation)
        try file.write(learned)
        return learned
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
            var found = try Relationship.read(
                from: path, classNames: preparation.training.classNames,
                sourceClassCount: head.weight.shape[0], key: key, group: preparation.group)
            found.sourceClassNames = found.sourceClassNames ?? preparation.sourceClassNames
            preparation.say("relationship: \(path) is used, method \(found.method.rawValue)")
            return found
        }
        var learned = try learn(
            learning, SourceModel(backbone: try preparation.backbone.frozen(keeping: []), head: head),
            preparation)
        learned.key = key
        learned.sourceClassNames = preparation.sourceClassNames
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
}

/// `relationship: reverse` chooses by validation, and there is none.
struct MissingValidationError: Error, ExitCodeProviding, CustomStringConvertible {
    let description =
        "relationship: reverse chooses its regression by a validation split; set data.validation, or use direct"
    var exitCode: Int32 { ExitCode.wrongUse }
}
