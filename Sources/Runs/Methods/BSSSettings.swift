/// The keys of the method `bss`: CE + a·Σ of the k smallest squared singular values of the batch's features.
///
/// Source: Chen et al., NeurIPS 2019.
package struct BSSSettings: Sendable, Equatable {
    /// The weight a, key `trade-off`; at least 0. Default 0.001.
    package var tradeOff = 0.001
    /// How many singular values are suppressed, key `singular-values`; at least 1. Default 1.
    package var singularValues = 1

    /// The defaults.
    package init() {}

    /// Reads the keys.
    package init(reading reader: inout SectionReader) throws {
        tradeOff = try reader.value("trade-off", .number(.atLeast(0)), default: tradeOff)
        singularValues = try reader.value("singular-values", .integer(.atLeast(1)), default: singularValues)
    }

    /// The keys and values.
    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("singular-values", .integer(singularValues)),
        ]
    }
}
