/// The keys of the method `l2-sp`: CE + a·½‖w − w⁰‖² over the backbone + b·½‖v‖² over the head.
///
/// Source: Li, Grandvalet, Davoine, ICML 2018.
package struct L2SPSettings: Sendable, Equatable {
    /// The parameters of the backbone that the penalty holds to their pretrained values.
    package enum Scope: String, Sendable, CaseIterable {
        /// Every parameter, with biases and the scale and shift of batch normalization.
        case all
        /// The kernels only.
        case weights
    }

    /// The weight a of the backbone's penalty, key `trade-off`; at least 0. Default 0.01, in profile `paper` 0.1.
    package var tradeOff: Double
    /// The weight b of the head's penalty, key `head-trade-off`; at least 0. Default 0.01.
    package var headTradeOff: Double
    /// What the backbone's penalty covers, key `scope`. Default `all`, in profile `paper` `weights`.
    package var scope: Scope

    /// The defaults of a profile.
    package init(profile: MethodProfile) {
        headTradeOff = 0.01
        switch profile {
        case .tllib: (tradeOff, scope) = (0.01, .all)
        case .paper: (tradeOff, scope) = (0.1, .weights)
        }
    }

    /// Reads the keys, with the defaults of a profile.
    package init(reading reader: inout SectionReader, profile: MethodProfile) throws {
        let defaults = L2SPSettings(profile: profile)
        tradeOff = try reader.value("trade-off", .number(.atLeast(0)), default: defaults.tradeOff)
        headTradeOff = try reader.value(
            "head-trade-off", .number(.atLeast(0)), default: defaults.headTradeOff)
        scope = try reader.value("scope", .choice, default: defaults.scope)
    }

    /// The keys and values.
    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("head-trade-off", .number(headTradeOff)),
            YAMLEntry("scope", .text(scope.rawValue)),
        ]
    }
}
