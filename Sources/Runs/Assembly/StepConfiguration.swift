internal import Training

/// What decides how a training step is computed, whatever the samples: what a benchmark has in common with a run.
struct StepConfiguration {
    /// The network.
    var network: NetworkConfiguration
    /// What is added to the classification loss.
    var method: MethodConfiguration
    /// The rule that turns gradients into steps.
    var optimizer: OptimizerConfiguration
    /// How gradients travel between ranks.
    var communication: CommunicationConfiguration
    /// Upper bound of the gradient norm; nil: none.
    var maxGradientNorm: Double?
}

extension RunConfiguration {
    /// The part of the configuration that a single step depends on.
    var step: StepConfiguration {
        StepConfiguration(
            network: network, method: method, optimizer: optimizer, communication: communication,
            maxGradientNorm: training.clipGradientNorm)
    }
}

extension OptimizerConfiguration {
    /// The section of a configuration that leaves it out and starts from pretrained weights.
    static func standard(weightDecay: Double) throws -> OptimizerConfiguration {
        var reader = try SectionReader(.null(at: .file("defaults")), directory: "/")
        return try OptimizerConfiguration(
            reading: &reader, defaultWeightDecay: weightDecay, isPretrained: true)
    }
}

extension ScheduleConfiguration {
    /// The schedule that the section describes.
    func makeSchedule(stepsPerEpoch: Int, epochs: Int) -> LearningRateSchedule {
        let course: LearningRateSchedule.Course =
            switch shape {
            case .multiStep(let steps): .multiStep(milestones: steps.milestones, gamma: steps.gamma)
            case .cosine: .cosine
            case .constant: .constant
            }
        return LearningRateSchedule(
            course, warmUpSteps: warmUpSteps, stepsPerEpoch: stepsPerEpoch, epochs: epochs)
    }
}
