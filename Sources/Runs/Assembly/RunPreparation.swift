internal import ImageData
internal import ProcessGroups
internal import Regularizers
internal import Training

/// What a run has before its method: samples, weights and its folder.
struct RunPreparation {
    /// The samples.
    let data: PreparedData
    /// The weights; a head that the configuration wants from a probe is not yet there.
    let start: StartingPoint
    /// The folder.
    let output: RunOutput

    private let configuration: RunConfiguration
    private let progress: ProgressLine?
    private let group: any ProcessGroup

    /// Reads data and weights and makes the folder of the run.
    ///
    /// - Parameters:
    ///   - configuration: The run's.
    ///   - resume: Where the run goes on from.
    ///   - faults: What goes wrong, in tests.
    ///   - progress: What rank 0 has told the user already; nil: nothing.
    ///   - group: The ranks.
    /// - Throws: Errors that are the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ configuration: RunConfiguration, resume: Resume, faults: FaultSchedule, progress: ProgressLine?,
        group: any ProcessGroup
    ) throws {
        self.group = group
        let progress = group.rank == 0 ? progress ?? ProgressLine() : nil
        self.progress = progress
        try group.coordinate { () throws -> Void in
            try WriteAccess.require(configuration.output, problem: "cannot make the folder of the run")
        }
        let digests = progress.map { progress in
            FileDigestCache(inFolder: configuration.output) { progress.warn($0) }
        }
        data = try PreparedData(configuration, digests: digests, group: group)
        var configuration = configuration
        configuration.data.transforms = data.splits.transforms
        self.configuration = configuration
        if configuration.method.name.settings.takesSteps {
            let (memory, data) = (try MemoryCheck(group), data)
            try group.agree {
                try memory.requireStep(
                    of: configuration, classCount: data.classCount, imageShape: data.splits.imageShape,
                    groupSize: group.size)
            }
        }
        start = try StartingPoint(configuration, classCount: data.classCount, group: group)
        for line in start.findings { progress?.say("weights: \(line)") }
        for line in start.precision.notices { progress?.say(line) }
        if configuration.method.name.settings.takesSteps {
            let check = try NormalizationCheck(
                configuration, start.classifier.backbone, imageShape: data.splits.imageShape,
                rankCount: group.size)
            try check?.require()
            if let notice = check?.notice { progress?.warn(notice) }
        }
        output = try RunOutput(
            configuration, resume: resume, start: start, data: data, faults: faults, group: group
        ) { progress?.say($0) }
        try group.coordinate { [data] () throws -> Void in
            try digests?.save()
            try SkippedImage.write(data.splits.skipped, inFolder: configuration.output)
        }
    }

    /// Tells the user a line, on rank 0.
    func say(_ line: String) { progress?.say(line) }

    /// Tells the user a line that is worth reading however quiet the program is, on rank 0.
    func warn(_ line: String) { progress?.warn(line) }

    /// Computes the linear probe of the pretrained features and makes it the head.
    ///
    /// - Throws: What data and group throw, the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func probeHead() throws {
        let probe = try LinearProbe.learn(
            start.preparation(
                on: data.methodSamples, group: group, directory: configuration.output, say: say))
        probe.assign(to: start.classifier.head)
    }

    /// What the run writes while it goes on and at its end.
    ///
    /// - Parameter regularizer: The method, with the classifier at its starting point; nil where none takes part in steps.
    func files(_ regularizer: (any Regularizer)?) throws -> RunFiles {
        var description = ModelDescription(configuration, data.splits)
        description.precision = start.precision.elementType
        let trainingSamples = data.splits.training.count
        let record = { [configuration, start] (result: ModelResult) in
            try ModelRecord(
                description, result, method: configuration.method.name, sourceWeights: start.weightsDigest,
                trainingSamples: trainingSamples
            ).json()
        }
        let events = output.directory.map {
            EventFile(in: $0.path, configuration.eventSession, after: output.resume?.step)
        }
        let files = RunFiles(
            directory: output.directory, events: events, checkpoints: output.checkpoints,
            policy: configuration.checkpoint.policy, metadata: try description.metadata(), describe: record,
            progress: progress, group: group)
        files.recorder = RunRecorder(
            method: configuration.method.name, regularizer: regularizer, data: data,
            path: output.directory?.recordPath, events: events, group: group
        ) { [progress] in progress?.warn($0) }
        if group.rank == 0, let regularizer {
            // L2-SP has them already.
            let kept = (regularizer as? L2SP)?.startingPoint ?? [:]
            files.startingWeights = StartingWeights(of: start.classifier.backbone, sharing: kept)
        }
        return files
    }
}

extension CheckpointConfiguration {
    /// When the run saves, for the trainer.
    fileprivate var policy: CheckpointPolicy {
        CheckpointPolicy(
            everySteps: everySteps, stopsOnFailure: onFailure == .stop,
            timeoutSeconds: Double(timeoutSeconds))
    }
}
