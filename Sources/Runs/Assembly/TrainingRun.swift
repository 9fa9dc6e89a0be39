internal import Foundation
internal import Hosts
internal import ImageData
package import Layers
package import ProcessGroups
package import Regularizers
internal import Tensors
package import Training

/// A run put together from its configuration, ready to train: the composition of all modules on one screen.
///
/// You are here: the command line has been read. Next: `ImageData/BatchLoader.swift` for the way of a batch,
/// `Training/Trainer.swift` for the loop.
package struct TrainingRun {
    package let trainer: Trainer
    package let modelPath: String

    /// Reads data and weights and makes the folder of the run.
    ///
    /// - Throws: Errors that are the same on every rank, before the first step.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ configuration: RunConfiguration, resume: Resume, group: any ProcessGroup) throws {
        let faults = try FaultSchedule.of(environment: ProcessInfo.processInfo.environment)
        let training = configuration.training
        try Self.check(training, group: group)
        try group.coordinate { () throws -> Void in
            try WriteAccess.require(configuration.output, problem: "cannot make the folder of the run")
        }
        let splits = try TrainingSplits.open(configuration, group: group)
        let start = try StartingPoint(configuration, classCount: splits.training.classCount, group: group)
        let classifier = start.classifier
        let progress = group.rank == 0 ? ProgressLine() : nil
        let digest = try JobChecks.weightsDigest(configuration, group: group)
        let identity = configuration.identity(weightsDigest: digest, samples: splits.training.fingerprint)
        let store = CheckpointStore(
            directory: configuration.output + "/checkpoints", keep: configuration.checkpoint.keep,
            ballastVersion: BallastVersion.current, faults: faults)
        var (lock, point): (RunLock?, ResumePoint?)
        try group.coordinate { () throws -> Void in
            lock = try RunLock(directory: configuration.output) { progress?.say($0) }
            point = try resume.point(in: configuration.output, store, identity: identity) {
                progress?.say($0)
            }
        }
        let directory = try Self.makeDirectory(
            configuration, digest: digest, resume: point, lock: lock, group: group)
        if let point { progress?.say("goes on after step \(point.step)") }
        let regularizer = try Self.makeRegularizer(configuration, start, splits, digest, group, progress)
        let groups = Self.parameterGroups(
            classifier, own: regularizer.ownParameters, backboneFactor: configuration.optimizer.backboneFactor
        )
        for line in splits.notes + Self.summary(configuration, splits, groups, group) { progress?.say(line) }
        let step = try TrainingStep(
            classifier, groups: groups, regularizer: regularizer,
            optimizer: configuration.optimizer.makeOptimizer(), maxGradientNorm: training.clipGradientNorm,
            normalization: configuration.network.batchNorm, group: group,
            communication: configuration.communication.settings, observer: faults.observer(rank: group.rank))
        let stepsPerEpoch = training.steps(perPassOver: splits.training.count)
        let plan = TrainingPlan(
            epochs: training.epochs, stepsPerEpoch: stepsPerEpoch, globalBatch: training.globalBatch,
            accumulation: training.accumulation, learningRate: configuration.optimizer.learningRate,
            schedule: configuration.schedule.makeSchedule(
                stepsPerEpoch: stepsPerEpoch, epochs: training.epochs),
            headOnlyEpochs: regularizer.headOnlyEpochs)
        let data = try Self.loaders(
            splits, configuration, secondView: regularizer.needs.secondView, group: group)
        let images = splits.training.dataset
        let description = ModelDescription(
            network: configuration.network, classNames: splits.training.classNames,
            classes: configuration.data.classes, imageSize: [images.channels, images.height, images.width],
            normalization: splits.normalization)
        trainer = try Trainer(
            step: step, plan: plan, data: data,
            files: RunFiles(
                directory: directory,
                checkpoints: group.rank == 0
                    ? RunCheckpoints(
                        store, worldSize: group.size, configuration: configuration.yaml(), identity: identity)
                    : nil,
                policy: CheckpointPolicy(
                    everySteps: configuration.checkpoint.everySteps,
                    stopsOnFailure: configuration.checkpoint.onFailure == .stop,
                    timeoutSeconds: Double(configuration.checkpoint.timeoutSeconds)),
                metadata: try description.metadata(), progress: progress, group: group), resume: point)
        modelPath = configuration.output + "/model.safetensors"
    }

    /// The network's parameters and those that the method trains along.
    package static func parameterGroups(
        _ classifier: Classifier, own: [Parameter], backboneFactor: Double
    ) -> [ParameterGroup] {
        let method =
            own.isEmpty
            ? []
            : [
                ParameterGroup(
                    name: "method", part: .method, learningRateMultiplier: backboneFactor, parameters: own)
            ]
        return [
            ParameterGroup(
                name: "backbone", part: .backbone, learningRateMultiplier: backboneFactor,
                parameters: classifier.backbone.parameters)
        ] + method + [
            ParameterGroup(
                name: "head", part: .head, learningRateMultiplier: 1, parameters: classifier.head.parameters)
        ]
    }

    /// The method, after its passes over the data.
    private static func makeRegularizer(
        _ configuration: RunConfiguration, _ start: StartingPoint, _ splits: TrainingSplits,
        _ digest: String, _ group: any ProcessGroup, _ progress: ProgressLine?
    ) throws -> any Regularizer {
        let seed = configuration.training.seed
        let regularizer = try group.agree {
            try configuration.method.settings.makeRegularizer(
                from: MethodIngredients(
                    classifier: start.classifier, sourceHead: start.sourceHead,
                    makeBackbone: configuration.network.makeBackbone, initialState: start.initialState,
                    seed: seed))
        }
        try check(regularizer.needs, configuration)
        let shard = Shard(rank: group.rank, size: group.size)
        try regularizer.prepare(
            Preparation(
                backbone: start.classifier.backbone, weightsDigest: digest,
                sourceClassNames: start.sourceClassNames,
                training: SubsetSource(splits.training, shard: shard, seed: seed),
                validation: splits.validation.map { SubsetSource($0, shard: shard, seed: seed) },
                group: group,
                seed: seed, directory: configuration.output, say: { progress?.say($0) }))
        return regularizer
    }

    /// Batches must be what the method works on.
    ///
    /// - Throws: `CollectiveFailure`, on every rank.
    package static func check(_ needs: RegularizerNeeds, _ configuration: RunConfiguration) throws {
        if needs.wholeBatch, configuration.training.accumulation > 1 {
            throw CollectiveFailure(
                message:
                    "method \(configuration.method.name.rawValue) looks at a batch as a whole: training.accumulation must be 1, not \(configuration.training.accumulation)",
                exitCode: ExitCode.wrongUse)
        }
        if needs.smallestBatch > configuration.training.globalBatch {
            throw CollectiveFailure(
                message:
                    "method \(configuration.method.name.rawValue) needs batches of at least \(needs.smallestBatch) samples, training.global-batch is \(configuration.training.globalBatch): fewer samples have fewer singular values",
                exitCode: ExitCode.wrongUse)
        }
    }

    /// Every rank must have a sample in every portion of a batch.
    ///
    /// - Throws: `CollectiveFailure`, on every rank.
    package static func check(_ training: TrainingConfiguration, group: any ProcessGroup) throws {
        let portion = training.globalBatch / training.accumulation
        guard training.globalBatch % training.accumulation == 0 else {
            throw CollectiveFailure(
                message:
                    "training.global-batch \(training.globalBatch) is no multiple of training.accumulation \(training.accumulation)",
                exitCode: ExitCode.wrongUse)
        }
        guard portion >= group.size else {
            let accumulated =
                training.accumulation > 1
                ? " (global-batch \(training.globalBatch) in \(training.accumulation) microBatches)" : ""
            throw CollectiveFailure(
                message:
                    "\(group.size) ranks are more than the \(portion) samples of a batch\(accumulated); start at most \(portion) ranks or raise training.global-batch",
                exitCode: ExitCode.wrongUse)
        }
    }

    /// This rank's part of each split.
    ///
    /// - Throws: `CollectiveFailure` where the data cannot be transformed or viewed as asked for.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func loaders(
        _ splits: TrainingSplits, _ configuration: RunConfiguration, secondView: Bool, group: any ProcessGroup
    ) throws -> Trainer.Data {
        let shard = Shard(rank: group.rank, size: group.size)
        let training = configuration.training
        return try group.agree {
            func evaluator(_ subset: Subset?) throws -> Evaluator? {
                try subset.map {
                    Evaluator(
                        try EvaluationLoader(
                            subset: $0, batchSize: Evaluator.batchSize, shard: shard,
                            workers: configuration.data.workers), group: group)
                }
            }
            return Trainer.Data(
                training: try BatchLoader(
                    subset: splits.training, transform: splits.transform, seed: training.seed, shard: shard,
                    globalBatch: training.globalBatch / training.accumulation, shuffle: training.shuffle,
                    secondView: secondView,
                    workers: configuration.data.workers),
                validation: try evaluator(splits.validation), test: try evaluator(splits.test))
        }
    }

    /// Rank 0 makes the folder; whether that worked reaches all.
    private static func makeDirectory(
        _ configuration: RunConfiguration, digest: String, resume: ResumePoint?, lock: RunLock?,
        group: any ProcessGroup
    ) throws -> RunDirectory? {
        let hosts = try group.allGatherEach(Array(HostName.current.utf8)).map {
            String(decoding: $0, as: UTF8.self)
        }
        var directory: RunDirectory?
        try group.coordinate { () throws -> Void in
            guard let lock else { return }
            directory = try RunDirectory(
                path: configuration.output,
                configuration: configuration.yaml(comments: [
                    "ballast \(BallastVersion.current)",
                    "hosts: \(Array(Set(hosts)).sorted().joined(separator: ", "))",
                    "ranks: \(group.size)", "threads: \(ComputeThreads.count)", "weights-sha256: \(digest)",
                ]), resume: resume, lock: lock)
        }
        return directory
    }

    /// What the user should see before the first step.
    private static func summary(
        _ configuration: RunConfiguration, _ splits: TrainingSplits, _ groups: [ParameterGroup],
        _ group: any ProcessGroup
    ) -> [String] {
        let rates = groups.map {
            let rate = configuration.optimizer.learningRate * $0.learningRateMultiplier
            return
                "learning rate \($0.name): \(Float(rate)) (\($0.parameters.count) tensors, \($0.count) values)"
        }
        let counts = [
            ("training", splits.training), ("validation", splits.validation), ("test", splits.test),
        ]
        .compactMap { name, subset in subset.map { "\(name) \($0.count)" } }
        return [
            "method \(configuration.method.name.rawValue), network \(configuration.network.name.rawValue), "
                + "\(group.size) ranks of \(ComputeThreads.count) threads",
            "samples: \(counts.joined(separator: ", ")); classes: \(splits.training.classCount)",
        ] + rates + (microBatchNotice(configuration).map { [$0] } ?? [])
    }

    /// Portions are the whole batch in everything but this.
    private static func microBatchNotice(_ configuration: RunConfiguration) -> String? {
        let training = configuration.training
        guard training.accumulation > 1, configuration.network.batchNorm != .frozen else { return nil }
        return "training.accumulation \(training.accumulation): batch normalization sees "
            + "\(training.globalBatch / training.accumulation) samples at a time, not \(training.globalBatch); "
            + "network.batch-norm: frozen makes microBatches equal to the whole batch"
    }
}

extension ScheduleConfiguration {
    /// The schedule that the section describes.
    package func makeSchedule(stepsPerEpoch: Int, epochs: Int) -> LearningRateSchedule {
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
