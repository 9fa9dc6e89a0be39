package import Regularizers

/// The keys of the method `l2-sp`: CE + a·½‖w − w⁰‖² over the backbone + b·½‖v‖² over the head.
///
/// Source: Li, Grandvalet, Davoine, ICML 2018.
package struct L2SPSettings: MethodSettings {
    package static let name = MethodName.l2SP
    /// The penalties take the place of weight decay.
    package static let defaultWeightDecay = 0.0
    package static let needsPretrainedWeights = true

    /// The parameters of the backbone that the penalty holds to their pretrained values.
    enum Scope: String, Sendable, CaseIterable {
        /// Every parameter, with biases and the scale and shift of batch normalization.
        case all
        /// The kernels only.
        case weights
    }

    /// The weight a of the backbone's penalty, key `trade-off`; 0 … 10⁹. Default 0.01, in profile `paper` 0.1.
    var tradeOff: Double
    /// The weight b of the head's penalty, key `head-trade-off`; 0 … 10⁹. Default 0.01.
    var headTradeOff = 0.01
    /// What the backbone's penalty covers, key `scope`. Default `all`, in profile `paper` `weights`.
    var scope: Scope

    /// The defaults of a profile.
    package init(profile: MethodProfile, stageNames: [String]) {
        switch profile {
        case .tllib: (tradeOff, scope) = (0.01, .all)
        case .paper: (tradeOff, scope) = (0.1, .weights)
        }
    }

    package mutating func read(_ reader: inout SectionReader) throws {
        tradeOff = try reader.value(
            "trade-off", .number(.atLeast(0, atMost: 1_000_000_000)), default: tradeOff)
        headTradeOff = try reader.value(
            "head-trade-off", .number(.atLeast(0, atMost: 1_000_000_000)), default: headTradeOff)
        scope = try reader.value("scope", .choice, default: scope)
    }

    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("head-trade-off", .number(headTradeOff)),
            YAMLEntry("scope", .text(scope.rawValue)),
        ]
    }

    package func makeRegularizer(from start: StartingPoint) -> any Regularizer {
        L2SP(
            backbone: start.classifier.backbone.parameters, tradeOff: tradeOff, headTradeOff: headTradeOff,
            scope: scope == .all ? .all : .weights)
    }
}
