internal import Foundation
internal import ProcessGroups
internal import Reports
package import Training

/// A run put together from its configuration, ready to train: the composition of all modules on one screen.
///
/// You are here: the command line has been read. Next: `RunPreparation` for samples, weights and folder, `RunAssembly`
/// for method and step, then `ImageData` for how a batch is made and `Training` for the loop.
package struct TrainingRun: StartedRun {
    private let trainer: Trainer
    private let profile: RunProfile?
    package let modelPath: String
    package let trainedParameterCount: Int

    /// Reads data and weights and makes the folder of the run.
    ///
    /// - Throws: Errors that are the same on every rank, before the first step.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ configuration: RunConfiguration, resume: Resume, profile: String?, until epochs: Int?,
        progress: ProgressLine?, group: any ProcessGroup
    ) throws {
        let faults = try FaultSchedule.of(environment: ProcessInfo.processInfo.environment)
        try BatchCheck.require(configuration.training, rankCount: group.size)
        self.profile = try profile.map {
            try RunProfile(path: $0, apartFrom: configuration.inputs, group)
        }
        let prepared = try RunPreparation(
            configuration, resume: resume, faults: faults, progress: progress, group: group)
        let data = prepared.data
        var plan = configuration.plan(sampleCount: data.splits.training.count, until: epochs)
        prepared.output.resume?.notices(plan).forEach(prepared.warn)
        // A run that goes on has the head of its checkpoint.
        if configuration.network.headInitialization == .linearProbe, !prepared.output.goesOn {
            try prepared.probeHead()
        }
        let assembly = try RunAssembly(configuration.step, prepared.start, group: group)
        let needs = assembly.regularizer.needs
        try BatchCheck.require(needs, of: configuration.method.name, configuration.training)
        // Before the method looks at the samples, which may take long.
        let summary = RunSummary(configuration, data.splits, assembly.parameterGroups, rankCount: group.size)
        summary.lines.forEach(prepared.say)
        let start = prepared.start
        if let settings = configuration.method.settings as? CoTuningSettings {
            settings.scaleNotice(weights: start.weightsDigest, of: start.networkName).map(prepared.say)
        }
        start.noticeOfUnusedState(configuration.method.name).map(prepared.warn)
        try assembly.prepareMethod(
            on: data.methodSamples, directory: configuration.output, goesOn: prepared.output.goesOn,
            say: prepared.say)
        try group.coordinate { () throws -> Void in try RunPictures.write(in: configuration.output) }
        plan.headOnlyEpochs = assembly.regularizer.headOnlyEpochs
        trainer = try Trainer(
            step: try assembly.makeStep(faults: faults, profile: self.profile?.profile), plan: plan,
            data: try data.loaders(secondView: needs.secondView),
            files: try prepared.files(assembly.regularizer),
            resume: prepared.output.resume,
            advisesWireFormat: group.size > 1 && prepared.start.precision.elementType == .bfloat16
                && configuration.communication.wireFormat == .float32)
        modelPath = configuration.output + "/model.safetensors"
        trainedParameterCount = assembly.parameterGroups.reduce(0) { $0 + $1.count }
    }

    package func run() throws -> Trainer.Outcome {
        guard let profile else { return try trainer.run() }
        let outcome: Trainer.Outcome
        do {
            outcome = try trainer.run()
        } catch let failure as CollectiveFailure {
            // Every rank is here. What was recorded before the run ended is worth keeping, its error worth more.
            try? profile.write()
            throw failure
        }
        try profile.write()
        return outcome
    }
}

extension RunConfiguration {
    /// What the run reads, by the names that the configuration has.
    fileprivate var inputs: [String] {
        var validation: String?
        if case .path(let path) = data.validation { validation = path }
        return [data.train, validation, data.test, network.weights, initialState].compactMap(\.self)
    }

    /// How long the run trains, in which batches and at which rate.
    fileprivate func plan(sampleCount: Int, until end: Int?) -> TrainingPlan {
        let stepsPerEpoch = training.steps(perPassOver: sampleCount)
        return TrainingPlan(
            epochs: min(end ?? training.epochs, training.epochs), stepsPerEpoch: stepsPerEpoch,
            globalBatch: training.globalBatch,
            accumulation: training.accumulation, learningRate: optimizer.learningRate,
            schedule: schedule.makeSchedule(stepsPerEpoch: stepsPerEpoch, epochs: training.epochs),
            bestBy: training.bestBy, savesLastState: end != nil)
    }
}
