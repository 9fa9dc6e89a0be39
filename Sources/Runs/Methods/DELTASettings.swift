/// The keys of the method `delta`: CE + a·Σ_j distance of feature map j + b·½‖v‖² over the head.
///
/// Source: Li et al., ICLR 2019.
package struct DELTASettings: Sendable, Equatable {
    /// How the channels of a feature map count.
    package enum Features: String, Sendable, CaseIterable {
        /// By how much the loss rises without them.
        case attention
        /// All alike.
        case plain
    }

    /// The weight a of the distances, key `trade-off`; at least 0. Default 0.01.
    package var tradeOff = 0.01
    /// The weight b of the head's penalty, key `head-trade-off`; at least 0. Default 0.01.
    package var headTradeOff = 0.01
    /// How channels count, key `features`. Default `attention`.
    package var features = Features.attention
    /// The stages whose last feature maps are compared, by their names in the network, key `taps`. Default: all.
    package var taps: [String]
    /// A file of attention to use instead of computing it, key `attention-file`; absolute. Default nil.
    package var attentionFile: String?

    /// The defaults for a network with stages of these names.
    package init(stageNames: [String]) { taps = stageNames }

    /// Reads the keys, for a network with stages of these names.
    package init(reading reader: inout SectionReader, stageNames: [String]) throws {
        tradeOff = try reader.value("trade-off", .number(.atLeast(0)), default: tradeOff)
        headTradeOff = try reader.value("head-trade-off", .number(.atLeast(0)), default: headTradeOff)
        features = try reader.value("features", .choice, default: features)
        let taps = ValueKind.list(of: .choice(among: stageNames)).satisfying(
            "not empty and without repetition"
        ) {
            !$0.isEmpty && Set($0).count == $0.count
        }
        self.taps = try reader.value("taps", taps, default: stageNames)
        attentionFile = try reader.optional("attention-file", .path(relativeTo: reader.directory))
        if features == .plain, attentionFile != nil {
            throw reader.error(at: "attention-file", "is of no use with features: plain")
        }
    }

    /// The keys and values.
    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("head-trade-off", .number(headTradeOff)),
            YAMLEntry("features", .text(features.rawValue)),
            YAMLEntry("taps", .list(taps.map(YAMLValue.text))),
            YAMLEntry("attention-file", .optionalText(attentionFile)),
        ]
    }
}
