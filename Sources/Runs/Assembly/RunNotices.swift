internal import ImageData
internal import Training

/// What a run does otherwise than its configuration may seem to say, and keys that have no effect beside others: a line
/// each, before the first step.
package struct RunNotices {
    private let configuration: RunConfiguration
    private let splits: TrainingSplits
    private let rankCount: Int

    /// - Parameters:
    ///   - configuration: The run's.
    ///   - splits: Its samples.
    ///   - rankCount: Ranks.
    package init(_ configuration: RunConfiguration, _ splits: TrainingSplits, rankCount: Int) {
        (self.configuration, self.splits, self.rankCount) = (configuration, splits, rankCount)
    }

    /// One line each.
    package var lines: [String] {
        let takesSteps = configuration.method.name.settings.takesSteps
        return normalizationRange + imageKeysWithoutEffect
            + (takesSteps
                ? epochLength + scheduleWithoutEffect + methodNotices + communicationWithoutEffect
                : stepsWithoutEffect)
    }

    // MARK: Images

    /// Numbers for pixels from 0 to 255, where pixels are divided by 255 first.
    private var normalizationRange: [String] {
        guard let given = configuration.data.normalization,
            (given.mean + given.standardDeviation).contains(where: { $0 > 1 })
        else { return [] }
        func text(_ values: [Double]) -> String { "\(values.map { Float($0 / 255) })" }
        return [
            "data.mean \(given.mean) and data.std \(given.standardDeviation) look like those of pixels from 0 to 255, but pixels here are from 0 to 1: divided by 255 they are \(text(given.mean)) and \(text(given.standardDeviation))"
        ]
    }

    private var imageKeysWithoutEffect: [String] {
        let (data, transforms) = (configuration.data, splits.transforms)
        let dataset = splits.training.dataset
        let (isPhotographs, isPrepared) = (dataset is PhotographDataset, dataset.isPrepared)
        let ofPhotographs = [
            ("on-error", data.onError != .stop), ("apply-exif-orientation", data.appliesOrientation),
            ("cache-bytes", data.cacheBytes > 0), ("reduced-decoding", transforms.reducedDecoding),
        ]
        let resizes = splits.trainingPipeline.transform.resizes || splits.evaluationPipeline.transform.resizes
        let ofResizing = [
            ("interpolation", transforms.interpolation != .bilinear),
            ("reduced-decoding", isPhotographs && transforms.reducedDecoding),
        ]
        let keys =
            (isPhotographs
                ? [] : ofPhotographs.map { ($0.0, $0.1, isPrepared ? "prepared images" : "no photographs") })
            + (resizes ? [] : ofResizing.map { ($0.0, $0.1, "images that nothing resizes") })
        return keys.filter(\.1).map { "data.\($0.0) has no effect: \(data.train) holds \($0.2)" }
    }

    // MARK: Steps

    /// How much of the data an epoch is, where it is meant to be one pass.
    private var epochLength: [String] {
        let (training, count) = (configuration.training, splits.training.count)
        let steps = training.steps(perPassOver: count)
        let (drawn, isTooMany) = steps.multipliedReportingOverflow(by: training.globalBatch)
        guard training.stepsPerEpoch == nil, !isTooMany, drawn != count else { return [] }
        let passes = (Double(drawn) / Double(count) * 100).rounded() / 100
        return [
            "training.steps-per-epoch null: an epoch is \(steps) step\(steps == 1 ? "" : "s") of \(training.globalBatch), which draw \(drawn) of \(count) samples, \(passes) passes: every batch is full, and the next pass begins in the last one"
        ]
    }

    private var scheduleWithoutEffect: [String] {
        let (training, schedule) = (configuration.training, configuration.schedule)
        var lines: [String] = []
        if case .multiStep(let steps) = schedule.shape, steps.milestones != [12] {
            let late = steps.milestones.filter { $0 >= training.epochs }
            if !late.isEmpty {
                lines.append(
                    "schedule.milestones \(late): epochs are counted from 0 and end with \(training.epochs - 1), so that the rate does not change there"
                )
            }
        }
        let (stepCount, isTooMany) = training.steps(perPassOver: splits.training.count)
            .multipliedReportingOverflow(by: training.epochs)
        if !isTooMany, schedule.warmUpSteps >= stepCount {
            lines.append(
                "schedule.warm-up-steps \(schedule.warmUpSteps): the run has \(stepCount) steps and ends before optimizer.learning-rate is reached"
            )
        }
        return lines
    }

    /// Sections that a method without steps does not look at.
    private var stepsWithoutEffect: [String] {
        guard let standard = try? RunConfiguration.Steps(ofDefaults: configuration) else { return [] }
        let own = RunConfiguration.Steps(configuration)
        let sections = own.differences(from: standard)
        guard !sections.isEmpty else { return [] }
        return [
            "method \(configuration.method.name.rawValue) takes no steps: nothing of \(sections.joined(separator: ", ")) has an effect but training.seed"
        ]
    }

    private var communicationWithoutEffect: [String] {
        guard rankCount == 1, configuration.communication.wireFormat != .float32 else { return [] }
        return ["communication.wire-format has no effect: a single rank sends nothing"]
    }

    // MARK: Methods

    private var methodNotices: [String] {
        switch configuration.method.settings {
        case is DELTASettings: featureMapNotice
        case is BiTuningSettings: viewNotice
        case let settings as LWFSettings: warmUpNotice(settings.warmUpEpochs)
        default: []
        }
    }

    private var featureMapNotice: [String] {
        guard configuration.network.batchNorm != .frozen else { return [] }
        return [
            "method delta compares feature maps under two normalizations, statistics of the batch in training and running statistics in the pretrained network: its term is large before any weight has moved; network.batch-norm: frozen is recommended, which makes it 0 then"
        ]
    }

    private var viewNotice: [String] {
        let isRandom: Bool =
            switch splits.training.dataset.content {
            case .prepared(let images): images.hasDifferentViews
            case .pixels:
                ![nil, TrainTransform.none, .resize].contains(splits.transforms.train)
                    || splits.transforms.horizontalFlip == true || splits.transforms.colorJitter > 0
            }
        guard !isRandom else { return [] }
        return [
            "method bi-tuning compares two views of each sample, and here both are the same image: set data.train-transform to a random one, data.horizontal-flip or data.color-jitter, or for tensors give other images_second_view"
        ]
    }

    private func warmUpNotice(_ epochs: Int) -> [String] {
        guard epochs >= configuration.training.epochs else { return [] }
        return [
            "method.warm-up-epochs \(epochs): the run has \(configuration.training.epochs), in all of which only the new head trains and the method has no say"
        ]
    }
}

extension RunConfiguration {
    /// The sections that say how steps are taken.
    fileprivate struct Steps {
        let optimizer: OptimizerConfiguration
        let schedule: ScheduleConfiguration
        let training: TrainingConfiguration
        let checkpoint: CheckpointConfiguration

        init(_ configuration: RunConfiguration) {
            (optimizer, schedule) = (configuration.optimizer, configuration.schedule)
            (training, checkpoint) = (configuration.training, configuration.checkpoint)
        }

        /// As they are where a configuration leaves them out, but for the keys that count without steps.
        init(ofDefaults configuration: RunConfiguration) throws {
            func reader() throws -> SectionReader {
                try SectionReader(.null(at: .file("defaults")), directory: "/")
            }
            var (second, third, fourth) = (try reader(), try reader(), try reader())
            optimizer = try .standard(
                weightDecay: configuration.method.name.settings.defaultWeightDecay)
            schedule = try ScheduleConfiguration(reading: &second)
            var training = try TrainingConfiguration(reading: &third)
            (training.seed, training.bestBy) = (configuration.training.seed, configuration.training.bestBy)
            self.training = training
            checkpoint = try CheckpointConfiguration(reading: &fourth)
        }

        func differences(from standard: Steps) -> [String] {
            [
                ("optimizer", optimizer != standard.optimizer), ("schedule", schedule != standard.schedule),
                ("training", training != standard.training),
                ("checkpoint", checkpoint != standard.checkpoint),
            ].filter(\.1).map(\.0)
        }
    }
}

extension PreparedImages {
    /// Whether the second view of some image is another than the first.
    fileprivate var hasDifferentViews: Bool {
        guard let secondView else { return false }
        return images.withElements { first in secondView.withElements { !first.elementsEqual($0) } }
    }
}

extension ComposedTransform {
    /// Whether a step resizes.
    fileprivate var resizes: Bool { steps.contains { $0 is any ResizeTransform } }
}
