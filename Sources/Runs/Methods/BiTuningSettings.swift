internal import Hosts
package import Regularizers

/// The keys of the method `bi-tuning`: CE + a·(KL on z + KL on y).
///
/// Source: Zhong et al., Bi-tuning of pre-trained representations, 2020.
package struct BiTuningSettings: MethodSettings {
    package static let name = MethodName.biTuning

    /// The weight a of the contrastive terms, key `trade-off`; 0 … 10⁹. Default 1.
    var tradeOff = 1.0
    /// The temperature T, key `temperature`; 10⁻³ … 10⁶. Default 0.07.
    var temperature = 0.07
    /// Keys kept of each class, key `queue-length`; 1 … 65536. Default 40.
    var queueLength = 40
    /// The momentum of the key encoder, key `key-momentum`; at least 0, below 1. Default 0.999.
    var keyMomentum = 0.999
    /// Features of the projection, key `projection-dimension`; 1 … 65536. Default 128.
    var projectionDimension = 128

    /// The defaults.
    package init(profile: MethodProfile, stageNames: [String]) {}

    package mutating func read(_ reader: inout SectionReader) throws {
        tradeOff = try reader.value(
            "trade-off", .number(.atLeast(0, atMost: 1_000_000_000)), default: tradeOff)
        temperature = try reader.value(
            "temperature", .number(.atLeast(0.001, atMost: 1_000_000)), default: temperature)
        queueLength = try reader.value(
            "queue-length", .integer(.atLeast(1, atMost: 65536)), default: queueLength)
        keyMomentum = try reader.value("key-momentum", .number(.atLeast(0, below: 1)), default: keyMomentum)
        projectionDimension = try reader.value(
            "projection-dimension", .integer(.atLeast(1, atMost: 65536)), default: projectionDimension)
    }

    package var entries: [YAMLEntry] {
        [
            YAMLEntry("trade-off", .number(tradeOff)),
            YAMLEntry("temperature", .number(temperature)),
            YAMLEntry("queue-length", .integer(queueLength)),
            YAMLEntry("key-momentum", .number(keyMomentum)),
            YAMLEntry("projection-dimension", .integer(projectionDimension)),
        ]
    }

    package func makeRegularizer(from start: StartingPoint) throws -> any Regularizer {
        let features = Double(start.classifier.backbone.featureCount)
        let keys = Double(start.classifier.classCount) * Double(queueLength)
        let dimension = Double(projectionDimension)
        try MemoryCheck(memory: HostMemory.current().usable).require(
            numbers: keys * (features + 1 + dimension) + 2 * features * dimension,
            "Bi-Tuning with \(queueLength) keys a class and \(projectionDimension) features of the projection",
            remedy: "set a smaller method.queue-length or method.projection-dimension")
        return try BiTuning(
            classifier: start.classifier, keyBackbone: start.makeBackbone(),
            settings: .init(
                tradeOff: tradeOff, temperature: temperature, queueLength: queueLength,
                keyMomentum: keyMomentum, projectionDimension: projectionDimension),
            initialState: start.initialState, seed: start.seed)
    }
}
