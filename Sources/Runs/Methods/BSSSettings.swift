package import Regularizers

/// The keys of the method `bss`: CE + a·Σ of the k smallest squared singular values of the batch's features.
///
/// Source: Chen et al., NeurIPS 2019.
package struct BSSSettings: MethodSettings {
    package static let name = MethodName.bss

    /// The weight a, key `trade-off`; 0 … 10⁹. Default 0.001.
    var tradeOff = 0.001
    /// How many singular values are suppressed, key `singular-values`; 1 … 10⁶. Default 1.
    var singularValues = 1

    /// The defaults.
    package init(profile: MethodProfile, stageNames: [String]) {}

    package mutating func read(_ reader: inout SectionReader) throws {
        tradeOff = try reader.value(
            "trade-off", .number(.atLeast(0, atMost: 1_000_000_000)), default: tradeOff)
        singularValues = try reader.value(
            "singular-values", .integer(.atLeast(1, atMost: 1_000_000)), default: singularValues)
    }

    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("singular-values", .integer(singularValues)),
        ]
    }

    package func makeRegularizer(from start: StartingPoint) throws -> any Regularizer {
        let featureCount = start.classifier.backbone.featureCount
        guard singularValues <= featureCount else {
            throw UsageError(
                "method.singular-values is \(singularValues), the network has only \(featureCount) features; set it to "
                    + "at most that many")
        }
        return BSS(tradeOff: tradeOff, count: singularValues)
    }
}
