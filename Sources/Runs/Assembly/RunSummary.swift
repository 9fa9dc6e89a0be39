internal import ImageData
internal import Tensors
internal import Training

/// What the user should see before the first step: the samples, the method, and each group's learning rate, for a
/// forgotten factor of the backbone is the commonest way to get worse than plain fine-tuning.
struct RunSummary {
    private let configuration: RunConfiguration
    private let splits: TrainingSplits
    private let groups: [ParameterGroup]
    private let rankCount: Int

    init(
        _ configuration: RunConfiguration, _ splits: TrainingSplits, _ groups: [ParameterGroup],
        rankCount: Int
    ) {
        (self.configuration, self.splits) = (configuration, splits)
        (self.groups, self.rankCount) = (groups, rankCount)
    }

    /// One line each.
    var lines: [String] {
        splits.notes + [
            "method \(configuration.method.name.rawValue), network \(configuration.network.name.rawValue), "
                + "\(rankCount) ranks of \(ComputeThreads.count) threads",
            "samples: \(counts.joined(separator: ", ")); classes: \(splits.training.classCount)",
        ] + groups.map(rate) + microBatchNotice
    }

    private var counts: [String] {
        [("training", splits.training), ("validation", splits.validation), ("test", splits.test)]
            .compactMap { name, subset in subset.map { "\(name) \($0.count)" } }
    }

    private func rate(_ group: ParameterGroup) -> String {
        let rate = configuration.optimizer.learningRate * group.learningRateMultiplier
        return
            "learning rate \(group.name): \(Float(rate)) (\(group.parameters.count) tensors, \(group.count) values)"
    }

    /// Gradient accumulation equals the whole batch in everything but this.
    private var microBatchNotice: [String] {
        let training = configuration.training
        guard training.accumulation > 1, configuration.network.batchNorm != .frozen else { return [] }
        return [
            "training.accumulation \(training.accumulation): batch normalization sees "
                + "\(training.globalBatch / training.accumulation) samples at a time, not \(training.globalBatch); "
                + "network.batch-norm: frozen makes micro-batches equal to the whole batch"
        ]
    }
}
