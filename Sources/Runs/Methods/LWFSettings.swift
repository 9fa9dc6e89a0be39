/// The keys of the method `lwf`: CE + a·KL(softmax(y⁰/T) ‖ softmax(y_s/T)).
///
/// Source: Li, Hoiem, ECCV 2016.
package struct LWFSettings: Sendable, Equatable {
    /// The weight a of the divergence, key `trade-off`; at least 0. Default 4, in profile `paper` 1.
    package var tradeOff: Double
    /// The temperature T, key `temperature`; above 0. Default 3, in profile `paper` 2.
    package var temperature: Double
    /// Epochs in which only the new head trains, key `warm-up-epochs`; at least 0. Default 0, in profile `paper` 1.
    package var warmUpEpochs: Int
    /// Whether the source head trains along: in profile `paper`.
    package var trainsSourceHead: Bool

    /// The defaults of a profile.
    package init(profile: MethodProfile) {
        switch profile {
        case .tllib: (tradeOff, temperature, warmUpEpochs, trainsSourceHead) = (4, 3, 0, false)
        case .paper: (tradeOff, temperature, warmUpEpochs, trainsSourceHead) = (1, 2, 1, true)
        }
    }

    /// Reads the keys, with the defaults of a profile.
    package init(reading reader: inout SectionReader, profile: MethodProfile) throws {
        self.init(profile: profile)
        tradeOff = try reader.value("trade-off", .number(.atLeast(0)), default: tradeOff)
        temperature = try reader.value("temperature", .number(.above(0)), default: temperature)
        warmUpEpochs = try reader.value("warm-up-epochs", .integer(.atLeast(0)), default: warmUpEpochs)
    }

    /// The keys and values.
    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("temperature", .number(temperature)),
            YAMLEntry("warm-up-epochs", .integer(warmUpEpochs)),
        ]
    }
}
