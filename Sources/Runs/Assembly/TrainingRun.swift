internal import Foundation
internal import ImageData
package import ProcessGroups
internal import Reports
package import Training

/// A run put together from its configuration, ready to train: the composition of all modules on one screen.
///
/// You are here: the command line has been read. Next: `PreparedData` for the samples, `StartingPoint` for the model,
/// `RunAssembly` for method and step, then `ImageData` for how a batch is made and `Training` for the loop.
package struct TrainingRun {
    /// The loop.
    package let trainer: Trainer
    /// Where the best model will lie.
    package let modelPath: String

    /// Reads data and weights and makes the folder of the run.
    ///
    /// - Throws: Errors that are the same on every rank, before the first step.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ configuration: RunConfiguration, resume: Resume, group: any ProcessGroup) throws {
        let faults = try FaultSchedule.of(environment: ProcessInfo.processInfo.environment)
        try BatchCheck.require(configuration.training, rankCount: group.size)
        try group.coordinate { () throws -> Void in
            try WriteAccess.require(configuration.output, problem: "cannot make the folder of the run")
        }
        // Every rank reads what the folder knows, rank 0 alone writes there.
        let digests = FileDigestCache(inFolder: configuration.output) { line in
            if group.rank == 0 { ProgressLine().say(line) }
        }
        let data = try PreparedData(configuration, digests: digests, group: group)
        var configuration = configuration
        configuration.data.transforms = data.splits.transforms
        let start = try StartingPoint(configuration, classCount: data.classCount, group: group)
        let progress = group.rank == 0 ? ProgressLine() : nil
        for line in start.findings { progress?.say("weights: \(line)") }
        let output = try RunOutput(
            configuration, resume: resume, start: start, data: data, faults: faults, group: group
        ) { progress?.say($0) }
        try group.coordinate { () throws -> Void in
            try digests.save()
            try SkippedImage.write(data.splits.skipped, inFolder: configuration.output)
        }
        let assembly = try RunAssembly(configuration.step, start, group: group)
        let needs = assembly.regularizer.needs
        try BatchCheck.require(needs, of: configuration.method.name, configuration.training)
        try assembly.prepareMethod(on: data.methodSamples, directory: configuration.output) {
            progress?.say($0)
        }
        try group.coordinate { () throws -> Void in try RunPictures.write(in: configuration.output) }
        let summary = RunSummary(configuration, data.splits, assembly.parameterGroups, rankCount: group.size)
        for line in summary.lines { progress?.say(line) }
        trainer = try Trainer(
            step: try assembly.makeStep(faults: faults),
            plan: configuration.plan(
                sampleCount: data.splits.training.count, headOnlyEpochs: assembly.regularizer.headOnlyEpochs),
            data: try data.loaders(secondView: needs.secondView),
            files: RunFiles(
                directory: output.directory, checkpoints: output.checkpoints,
                policy: configuration.checkpoint.policy,
                metadata: try ModelDescription(configuration, data.splits).metadata(), progress: progress,
                group: group), resume: output.resume)
        modelPath = configuration.output + "/model.safetensors"
    }
}

extension RunConfiguration {
    /// How long the run trains, in which batches and at which rate.
    fileprivate func plan(sampleCount: Int, headOnlyEpochs: Int) -> TrainingPlan {
        let stepsPerEpoch = training.steps(perPassOver: sampleCount)
        return TrainingPlan(
            epochs: training.epochs, stepsPerEpoch: stepsPerEpoch, globalBatch: training.globalBatch,
            accumulation: training.accumulation, learningRate: optimizer.learningRate,
            schedule: schedule.makeSchedule(stepsPerEpoch: stepsPerEpoch, epochs: training.epochs),
            headOnlyEpochs: headOnlyEpochs)
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
