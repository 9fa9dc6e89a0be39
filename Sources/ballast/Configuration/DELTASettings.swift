/// The keys of the method `delta`: CE + a·Σ_j distance of feature map j + b·½‖v‖² over the head.
///
/// Source: Li et al., ICLR 2019.
struct DELTASettings: Sendable, Equatable {
    /// How the channels of a feature map count.
    enum Features: String, Sendable, CaseIterable {
        /// By how much the loss rises without them.
        case attention
        /// All alike.
        case plain
    }

    /// A feature map that is compared: the last convolution of a stage.
    enum Tap: String, Sendable, CaseIterable {
        case layer1, layer2, layer3, layer4
    }

    /// The weight a of the distances, key `trade-off`; at least 0. Default 0.01.
    var tradeOff = 0.01
    /// The weight b of the head's penalty, key `head-trade-off`; at least 0. Default 0.01.
    var headTradeOff = 0.01
    /// How channels count, key `features`. Default `attention`.
    var features = Features.attention
    /// The feature maps that are compared, key `taps`. Default: all four stages.
    var taps = Tap.allCases
    /// A file of attention to use instead of computing it, key `attention-file`; absolute. Default nil.
    var attentionFile: String?

    /// The defaults.
    init() {}

    /// Reads the keys.
    init(reading reader: inout SectionReader) throws {
        tradeOff = try reader.value("trade-off", .number(.atLeast(0)), default: tradeOff)
        headTradeOff = try reader.value("head-trade-off", .number(.atLeast(0)), default: headTradeOff)
        features = try reader.value("features", .choice, default: features)
        let taps = ValueKind.list(of: ValueKind<Tap>.choice).satisfying("not empty and without repetition") {
            !$0.isEmpty && Set($0).count == $0.count
        }
        self.taps = try reader.value("taps", taps, default: self.taps)
        attentionFile = try reader.optional("attention-file", .path(relativeTo: reader.directory))
        if features == .plain, attentionFile != nil {
            throw reader.error(at: "attention-file", "is of no use with features: plain")
        }
    }

    /// The keys and values.
    var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("head-trade-off", .number(headTradeOff)),
            YAMLEntry("features", .text(features.rawValue)),
            YAMLEntry("taps", .list(taps.map { .text($0.rawValue) })),
            YAMLEntry("attention-file", .optionalText(attentionFile)),
        ]
    }
}
