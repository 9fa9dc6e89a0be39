/// The keys of the method `co-tuning`: CE + a·CE(source head, p(y_s given y_t)).
///
/// Source: You et al., NeurIPS 2020.
package struct CoTuningSettings: Sendable, Equatable {
    /// How the relationship of source and target classes is learned.
    package enum Relationship: String, Sendable, CaseIterable {
        /// The mean of the source probabilities over a target class.
        case direct
        /// By regressions from source probabilities to target classes, turned around.
        case reverse
    }

    /// The weight a, key `trade-off`; at least 0. Default 2.3.
    package var tradeOff = 2.3
    /// How the relationship is learned, key `relationship`. Default `direct`, in profile `paper` `reverse`.
    package var relationship: Relationship
    /// The inverse temperature of the source model's logits for `reverse`, key `source-logit-scale`; above 0.
    /// Default nil: 1, with a notice.
    package var sourceLogitScale: Double?

    /// The defaults of a profile.
    package init(profile: MethodProfile) {
        switch profile {
        case .tllib: relationship = .direct
        case .paper: relationship = .reverse
        }
    }

    /// Reads the keys, with the defaults of a profile.
    package init(reading reader: inout SectionReader, profile: MethodProfile) throws {
        self.init(profile: profile)
        tradeOff = try reader.value("trade-off", .number(.atLeast(0)), default: tradeOff)
        relationship = try reader.value("relationship", .choice, default: relationship)
        sourceLogitScale = try reader.optional("source-logit-scale", .number(.above(0)))
    }

    /// The keys and values.
    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("relationship", .text(relationship.rawValue)),
            YAMLEntry("source-logit-scale", .optionalNumber(sourceLogitScale)),
        ]
    }
}
