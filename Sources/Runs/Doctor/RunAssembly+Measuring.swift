internal import ImageData
internal import ProcessGroups

extension RunAssembly {
    /// Chooses samples for measuring, and lets the method look at them.
    ///
    /// - Parameters:
    ///   - data: All samples.
    ///   - training: The run's.
    ///   - group: The ranks.
    /// - Returns: Enough for two batches, and some of each class; a method looks at all of them, which must not take long.
    /// - Throws: What data, method and group throw, the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func prepareForMeasuring(
        _ data: PreparedData, _ training: TrainingConfiguration, _ group: any ProcessGroup
    ) throws -> Subset {
        let splits = data.splits
        let rate = 200 * Double(max(training.globalBatch, 64)) / Double(splits.training.count)
        let samples = try group.agree {
            try splits.training.sampled(sampleRate: min(100, rate), seed: training.seed)
        }
        let source = data.source(samples)
        try prepareMethod(
            on: MethodSamples(training: source, validation: splits.validation == nil ? nil : source),
            directory: nil)
        return samples
    }
}
