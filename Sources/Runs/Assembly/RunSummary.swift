internal import Hosts
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
        let known = splits.notes + RunNotices(configuration, splits, rankCount: rankCount).lines
        let takesSteps = configuration.method.name.settings.takesSteps
        return splits.choices + known.map(ProgressDisplay.notice) + facts + groups.map(rate)
            + (takesSteps ? notices : []).map(ProgressDisplay.notice)
    }

    private var facts: [String] {
        [
            "method \(configuration.method.name.rawValue), network \(configuration.network.name.rawValue), "
                + "\(Units.count(rankCount, "rank")) of \(Units.count(ComputeThreads.count, "thread"))",
            "samples: \(counts.joined(separator: ", ")); classes: \(splits.training.classCount)",
        ]
    }

    private var notices: [String] { microBatchNotice + smallClassNotice }

    private var counts: [String] {
        [("training", splits.training), ("validation", splits.validation), ("test", splits.test)]
            .compactMap { name, subset in subset.map { "\(name) \($0.count)" } }
    }

    private func rate(_ group: ParameterGroup) -> String {
        let rate = configuration.optimizer.learningRate * group.learningRateMultiplier
        return
            "learning rate \(group.name): \(Float(rate)) (\(group.parameters.count) tensors, \(group.count) values)"
    }

    /// Below so many samples of a class batch statistics of the target data do more harm than good.
    private static let enoughSamplesForStatistics = 20

    /// Running statistics of few images replace those of the pretraining, which are better.
    private var smallClassNotice: [String] {
        let counts = splits.training.samplesPerClass
        guard configuration.network.weights != nil, configuration.network.batchNorm != .frozen,
            let (number, count) = counts.enumerated().min(by: { $0.element < $1.element }),
            count < Self.enoughSamplesForStatistics
        else { return [] }
        return [
            "class \(splits.training.classNames[number]) has \(count) training samples: with fewer than "
                + "\(Self.enoughSamplesForStatistics) a class, batch statistics of the target data often hurt; try "
                + "network.batch-norm: frozen, which keeps those of the pretraining"
        ]
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
