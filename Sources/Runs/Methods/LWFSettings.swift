package import Regularizers

/// The keys of the method `lwf`: CE + a·KL(softmax(y⁰/T) ‖ softmax(y_s/T)).
///
/// Source: Li, Hoiem, ECCV 2016.
package struct LWFSettings: MethodSettings {
    package static let name = MethodName.lwf
    package static let needsPretrainedWeights = true
    package static let needsSourceHead = true

    /// The weight a of the divergence, key `trade-off`; 0 … 10⁹. Default 4, in profile `paper` 1.
    var tradeOff: Double
    /// The temperature T, key `temperature`; 10⁻³ … 10⁶. Default 3, in profile `paper` 2.
    var temperature: Double
    /// Epochs in which only the new head trains, key `warm-up-epochs`; 0 … 10⁶. Default 0, in profile `paper` 1.
    var warmUpEpochs: Int
    /// Whether the source head trains along: in profile `paper`.
    var trainsSourceHead: Bool

    /// The defaults of a profile.
    package init(profile: MethodProfile, stageNames: [String]) {
        switch profile {
        case .tllib: (tradeOff, temperature, warmUpEpochs, trainsSourceHead) = (4, 3, 0, false)
        case .paper: (tradeOff, temperature, warmUpEpochs, trainsSourceHead) = (1, 2, 1, true)
        }
    }

    package mutating func read(_ reader: inout SectionReader) throws {
        tradeOff = try reader.value(
            "trade-off", .number(.atLeast(0, atMost: 1_000_000_000)), default: tradeOff)
        temperature = try reader.value(
            "temperature", .number(.atLeast(0.001, atMost: 1_000_000)), default: temperature)
        warmUpEpochs = try reader.value(
            "warm-up-epochs", .integer(.atLeast(0, atMost: 1_000_000)), default: warmUpEpochs)
    }

    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("temperature", .number(temperature)),
            YAMLEntry("warm-up-epochs", .integer(warmUpEpochs)),
        ]
    }

    /// The teacher logits of all training samples are recorded.
    package var hasPreparation: Bool { true }

    package func makeRegularizer(from start: StartingPoint) throws -> any Regularizer {
        LWF(
            head: try start.existingSourceHead, tradeOff: tradeOff, temperature: temperature,
            trainsHead: trainsSourceHead, headOnlyEpochs: warmUpEpochs)
    }
}
