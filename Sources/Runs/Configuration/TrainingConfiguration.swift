internal import Training

/// The section `training`: how long, in which batches and in which order.
///
/// At the upper bounds a run would draw 10¹⁸ samples, which can still be counted.
package struct TrainingConfiguration: Sendable, Equatable {
    /// What feature maps, their gradients and the weights that convolutions read are rounded to, key `precision`.
    /// Parameters, statistics, losses and terms of methods are of 32 bits or more whatever it says. Default `float32`.
    package var precision: Precision
    /// What the backward pass computes again to save memory, key `recompute`. Default `none`.
    package var recompute: Recomputation
    /// Epochs of the run, key `epochs`; 1 … 10⁶. Default 20.
    var epochs: Int
    /// Steps of an epoch, key `steps-per-epoch`; 1 … 10⁶, or null (nil): as many full batches as one pass over the data
    /// takes, rounded up. Default 500.
    var stepsPerEpoch: Int?
    /// Samples B of one step over all ranks, key `global-batch`; 1 … 10⁶. Default 48.
    var globalBatch: Int
    /// Micro-batches in which a rank computes its share of a step, one after the other to save memory, key
    /// `accumulation`; 1 … 10⁶. Default 1.
    var accumulation: Int
    /// Whether each epoch has an order of its own, key `shuffle`. Default true; false: the order of the data.
    var shuffle: Bool
    /// What every random draw is keyed by, key `seed`; 0 to 2⁶⁴ − 1. Default 0.
    var seed: UInt64
    /// Upper bound of the norm of the whole gradient, key `clip-gradient-norm`; above 0, at most 10¹².
    /// Default nil: none.
    var clipGradientNorm: Double?
    /// Which number of the validation split picks the saved model, key `best-by`. Default `accuracy`.
    var bestBy: BestMeasure

    /// Reads the section.
    init(reading reader: inout SectionReader) throws {
        precision = try reader.value("precision", .choice, default: .float32)
        recompute = try reader.value("recompute", .choice, default: .none)
        epochs = try reader.value("epochs", .integer(.atLeast(1, atMost: 1_000_000)), default: 20)
        stepsPerEpoch = try reader.optional(
            "steps-per-epoch", .integer(.atLeast(1, atMost: 1_000_000)), default: 500)
        globalBatch = try reader.value("global-batch", .integer(.atLeast(1, atMost: 1_000_000)), default: 48)
        accumulation = try reader.value("accumulation", .integer(.atLeast(1, atMost: 1_000_000)), default: 1)
        shuffle = try reader.value("shuffle", .boolean, default: true)
        seed = try reader.value("seed", .integer(.atLeast(0, atMost: .max)), default: 0)
        clipGradientNorm = try reader.optional("clip-gradient-norm", .number(.above(0, atMost: 1e12)))
        bestBy = try reader.value("best-by", .choice, default: .accuracy)
    }

    /// Steps of an epoch: as many as the key says, or as one pass over the samples takes.
    func steps(perPassOver sampleCount: Int) -> Int {
        stepsPerEpoch ?? (sampleCount + globalBatch - 1) / globalBatch
    }

    /// The keys and values of the section.
    var entries: [YAMLEntry] {
        [
            YAMLEntry("precision", .text(precision.rawValue)),
            YAMLEntry("recompute", .text(recompute.rawValue)),
        ] + identity
    }

    /// Those that must stay the same for a run to go on from a checkpoint, which holds 32-bit floats and serves every
    /// precision, and knows nothing of what is recomputed.
    var identity: [YAMLEntry] {
        [
            YAMLEntry("epochs", .integer(epochs)),
            YAMLEntry("steps-per-epoch", .optionalInteger(stepsPerEpoch)),
            YAMLEntry("global-batch", .integer(globalBatch)),
            YAMLEntry("accumulation", .integer(accumulation)),
            YAMLEntry("shuffle", .boolean(shuffle)),
            YAMLEntry("seed", .integer(seed)),
            YAMLEntry("clip-gradient-norm", .optionalNumber(clipGradientNorm)),
            YAMLEntry("best-by", .text(bestBy.rawValue)),
        ]
    }
}
