internal import ImageData
internal import ProcessGroups
internal import Regularizers
internal import Training

/// The samples of a run, opened, and how this rank reads them.
struct PreparedData {
    /// Which samples train, validate and test.
    let splits: TrainingSplits

    private let data: DataConfiguration
    private let training: TrainingConfiguration
    private let group: any ProcessGroup

    /// Opens the files, where `SharedReading` says, and selects samples.
    ///
    /// - Parameters:
    ///   - configuration: The run.
    ///   - digests: Hashes of data files that the folder of the run knows; on rank 0, or nil.
    ///   - group: The ranks.
    /// - Throws: `CollectiveFailure` that names the file, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ configuration: RunConfiguration, digests: FileDigestCache? = nil, group: any ProcessGroup
    ) throws {
        (data, training, self.group) = (configuration.data, configuration.training, group)
        splits = try TrainingSplits.open(configuration, digests: digests, group: group)
    }

    /// Classes of the run, K.
    var classCount: Int { splits.training.classCount }

    private var shard: Shard { Shard(rank: group.rank, size: group.size) }

    /// What a method looks at before the first step.
    var methodSamples: MethodSamples {
        MethodSamples(training: source(splits.training), validation: splits.validation.map(source))
    }

    /// Samples in their fixed evaluation view, this rank's part of them.
    func source(_ subset: Subset) -> any SampleSource {
        SubsetSource(
            subset, pipeline: splits.evaluationPipeline, shard: shard, seed: training.seed,
            transform: splits.viewDescription(of: subset, isOriented: data.appliesOrientation))
    }

    /// This rank's part of each split.
    ///
    /// - Parameter secondView: Whether each training sample is looked at twice.
    /// - Throws: `CollectiveFailure` where the data cannot be transformed or viewed as asked for.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func loaders(secondView: Bool) throws -> Trainer.Data {
        try group.agree {
            Trainer.Data(
                training: try trainingLoader(splits.training, secondView: secondView),
                validation: try splits.validation.map(evaluator), test: try splits.test.map(evaluator))
        }
    }

    /// This rank's part of the splits that are evaluated.
    ///
    /// - Throws: `CollectiveFailure` where the data cannot be transformed as asked for.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func evaluators() throws -> (validation: Evaluator?, test: Evaluator?) {
        try group.agree { (try splits.validation.map(evaluator), try splits.test.map(evaluator)) }
    }

    /// This rank's part of the micro-batches of training samples. Not collective.
    func trainingLoader(_ subset: Subset, secondView: Bool) throws -> BatchLoader {
        try BatchLoader(
            subset: subset, pipeline: splits.trainingPipeline, seed: training.seed, shard: shard,
            globalBatch: training.globalBatch / training.accumulation, shuffle: training.shuffle,
            secondView: secondView, workers: data.workers)
    }

    /// This rank's part of samples that are evaluated. Not collective.
    func evaluationLoader(_ subset: Subset) throws -> EvaluationLoader {
        try EvaluationLoader(
            subset: subset, pipeline: splits.evaluationPipeline, batchSize: Evaluator.batchSize, shard: shard,
            workers: data.workers)
    }

    private func evaluator(_ subset: Subset) throws -> Evaluator {
        Evaluator(try evaluationLoader(subset), group: group)
    }
}

/// What a method looks at before the first step, in its fixed evaluation view.
struct MethodSamples {
    /// The training samples.
    let training: any SampleSource
    /// The validation samples, if there are any.
    let validation: (any SampleSource)?
}
