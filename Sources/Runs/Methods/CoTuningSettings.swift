package import Regularizers

/// The keys of the method `co-tuning`: CE + a·CE(source head, p(y_s given y_t)).
///
/// Source: You et al., NeurIPS 2020.
package struct CoTuningSettings: MethodSettings {
    package static let name = MethodName.coTuning
    package static let needsPretrainedWeights = true
    package static let needsSourceHead = true

    /// How the relationship of source and target classes is learned.
    enum Relationship: String, Sendable, CaseIterable {
        /// The mean of the source probabilities over a target class.
        case direct
        /// By regressions from source probabilities to target classes, turned around.
        case reverse
    }

    /// The weight a, key `trade-off`; 0 … 10⁹. Default 2.3.
    var tradeOff = 2.3
    /// How the relationship is learned, key `relationship`. Default `direct`, in profile `paper` `reverse`.
    var relationship: Relationship
    /// A file that `ballast relate` or an earlier run wrote, to use instead of learning, key `relationship-file`;
    /// absolute. Default nil.
    var relationshipFile: String?
    /// The inverse temperature of the source model's logits for `reverse`, key `source-logit-scale`; 10⁻⁶ … 10⁶.
    /// Default nil: 1.
    var sourceLogitScale: Double?

    /// The defaults of a profile.
    package init(profile: MethodProfile, stageNames: [String]) {
        switch profile {
        case .tllib: relationship = .direct
        case .paper: relationship = .reverse
        }
    }

    package mutating func read(_ reader: inout SectionReader) throws {
        tradeOff = try reader.value(
            "trade-off", .number(.atLeast(0, atMost: 1_000_000_000)), default: tradeOff)
        relationship = try reader.value("relationship", .choice, default: relationship)
        relationshipFile = try reader.optional("relationship-file", .path(relativeTo: reader.directory))
        sourceLogitScale = try reader.optional(
            "source-logit-scale", .number(.atLeast(0.000_001, atMost: 1_000_000)))
    }

    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("relationship", .text(relationship.rawValue)),
            YAMLEntry("relationship-file", .optionalText(relationshipFile)),
            YAMLEntry("source-logit-scale", .optionalNumber(sourceLogitScale)),
        ]
    }

    /// Where the relationship came from does not matter any more: a checkpoint holds it.
    package var identity: [YAMLEntry] { entries.filter { $0.key != "relationship-file" } }

    /// The source probabilities of all training samples are computed.
    package var hasPreparation: Bool { relationshipFile == nil }

    /// Without the file, which is one of all samples; then `reverse` may lack the validation split that it needs.
    package var forMeasuring: CoTuningSettings {
        guard relationshipFile != nil else { return self }
        var settings = self
        (settings.relationshipFile, settings.relationship) = (nil, .direct)
        return settings
    }

    package func makeRegularizer(from start: StartingPoint) throws -> any Regularizer {
        CoTuning(head: try start.existingSourceHead, tradeOff: tradeOff, learning: source)
    }

    /// Where a run takes the relationship from: the file, or what it learns.
    private var source: CoTuning.Learning {
        relationshipFile.map(CoTuning.Learning.file) ?? learning
    }

    /// How the relationship is learned where there is no file.
    var learning: CoTuning.Learning {
        switch relationship {
        case .direct: .direct
        case .reverse: .reverse(sourceLogitScale: sourceLogitScale ?? 1)
        }
    }
}
