internal import Layers
package import Regularizers

/// The keys of the method `delta`: CE + a·Σ_j distance of feature map j + b·½‖v‖² over the head.
///
/// Source: Li et al., ICLR 2019.
package struct DELTASettings: MethodSettings {
    package static let name = MethodName.delta
    /// The penalties take the place of weight decay.
    package static let defaultWeightDecay = 0.0
    package static let needsPretrainedWeights = true

    /// How the channels of a feature map count.
    enum Features: String, Sendable, CaseIterable {
        /// By how much the loss rises without them.
        case attention
        /// All alike.
        case plain
    }

    /// The weight a of the distances, key `trade-off`; 0 … 10⁹. Default 0.01.
    var tradeOff = 0.01
    /// The weight b of the head's penalty, key `head-trade-off`; 0 … 10⁹. Default 0.01.
    var headTradeOff = 0.01
    /// How channels count, key `features`. Default `attention`.
    var features = Features.attention
    /// The stages whose last feature maps are compared, by their names in the network, key `taps`. Default: all.
    var taps: [String]
    /// A file of attention to use instead of computing it, key `attention-file`; absolute. Default nil.
    var attentionFile: String?
    /// How it is computed what a filter is worth, key `attention-scores`. Default `exact`.
    var attentionScores = AttentionScores.exact
    /// Those that `taps` can choose from.
    private let stageNames: [String]

    /// The defaults for a network with stages of these names.
    package init(profile: MethodProfile, stageNames: [String]) {
        (taps, self.stageNames) = (stageNames, stageNames)
    }

    package mutating func read(_ reader: inout SectionReader) throws {
        tradeOff = try reader.value(
            "trade-off", .number(.atLeast(0, atMost: 1_000_000_000)), default: tradeOff)
        headTradeOff = try reader.value(
            "head-trade-off", .number(.atLeast(0, atMost: 1_000_000_000)), default: headTradeOff)
        features = try reader.value("features", .choice, default: features)
        let stages = ValueKind.list(of: .choice(among: stageNames)).satisfying(
            "not empty and without repetition"
        ) {
            !$0.isEmpty && Set($0).count == $0.count
        }
        taps = try reader.value("taps", stages, default: taps)
        attentionFile = try reader.optional("attention-file", .path(relativeTo: reader.directory))
        attentionScores = try reader.value("attention-scores", .choice, default: attentionScores)
        guard features == .plain else { return }
        if attentionFile != nil {
            throw reader.error(at: "attention-file", "is of no use with features: plain")
        }
        if attentionScores != .exact {
            throw reader.error(at: "attention-scores", "is of no use with features: plain")
        }
    }

    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("head-trade-off", .number(headTradeOff)),
            YAMLEntry("features", .text(features.rawValue)),
            YAMLEntry("taps", .list(taps.map(YAMLValue.text))),
            YAMLEntry("attention-file", .optionalText(attentionFile)),
            YAMLEntry("attention-scores", .text(attentionScores.rawValue)),
        ]
    }

    /// A run goes on from a checkpoint of a version that had only exact scores.
    package var identity: [YAMLEntry] {
        attentionScores == .exact ? entries.filter { $0.key != "attention-scores" } : entries
    }

    // Attention takes far more than one look at the samples, which nobody estimates: `hasPreparation` stays false.

    /// With all channels alike: the attention takes long to learn and costs a step nothing.
    package var forMeasuring: DELTASettings {
        var settings = self
        (settings.features, settings.attentionFile, settings.attentionScores) = (.plain, nil, .exact)
        return settings
    }

    package func makeRegularizer(from start: StartingPoint) -> any Regularizer {
        let backbone = start.classifier.backbone
        return DELTA(
            taps: taps.map(backbone.tap(named:)),
            features: features == .plain ? .plain : .attention(file: attentionFile, scores: attentionScores),
            tradeOff: tradeOff, headTradeOff: headTradeOff)
    }
}
