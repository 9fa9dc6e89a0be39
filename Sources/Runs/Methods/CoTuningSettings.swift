package import Networks
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
    /// Default nil: that of published weights where it is known (`PublishedLogitScale`), else 1, with a notice.
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
        if sourceLogitScale != nil, relationship == .direct {
            throw reader.error(at: "source-logit-scale", "is of no use with relationship: direct")
        }
    }

    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("relationship", .text(relationship.rawValue)),
            YAMLEntry("relationship-file", .optionalText(relationshipFile)),
            YAMLEntry("source-logit-scale", .optionalNumber(sourceLogitScale)),
        ]
    }

    /// Where the relationship came from does not matter any more: the folder of the run holds it.
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
        CoTuning(
            head: try start.existingSourceHead, tradeOff: tradeOff,
            learning: relationshipFile.map { .file($0, sourceLogitScale: sourceLogitScale) }
                ?? learning(weights: start.weightsDigest, of: start.networkName))
    }

    /// How the relationship is learned where there is no file.
    ///
    /// - Parameters:
    ///   - digest: SHA-256 of the pretrained weights' file, in hexadecimal digits.
    ///   - network: The network that they are of.
    package func learning(weights digest: String, of network: NetworkName) -> CoTuning.Learning {
        switch relationship {
        case .direct: .direct
        case .reverse:
            .reverse(
                sourceLogitScale: sourceLogitScale ?? PublishedLogitScale.of(weights: digest, network) ?? 1)
        }
    }

    /// What a person should know of a scale that they did not give; nil: nothing.
    package func scaleNotice(weights digest: String, of network: NetworkName) -> String? {
        guard relationship == .reverse, relationshipFile == nil, sourceLogitScale == nil else { return nil }
        if let known = PublishedLogitScale.of(weights: digest, network) {
            return "method.source-logit-scale: \(known), that of torchvision's first ResNet-50 weights"
        }
        return
            "method.source-logit-scale is 1, since nothing is known of these weights: the relationship is learned from the source model's probabilities as they are, calibrated or not"
            + (network == .resnet50
                ? "; that of torchvision's first ResNet-50 weights is \(PublishedLogitScale.firstResNet50)"
                : "")
    }
}
