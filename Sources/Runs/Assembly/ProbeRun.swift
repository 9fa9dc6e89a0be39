internal import ProcessGroups
package import Training

/// A run of the method `linear-probe`: a regression on recorded features takes the place of all steps.
///
/// It takes little longer than one pass over the samples, so that it has no checkpoints: started again it moves the
/// folder of the run before aside, as every run without checkpoints does.
package struct ProbeRun: StartedRun {
    private let finished: FinishedModelRun
    package let modelPath: String
    package let trainedParameterCount: Int

    /// Reads data and weights, makes the folder of the run and fits the probe.
    ///
    /// - Throws: Errors that are the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ configuration: RunConfiguration, resume: Resume, progress: ProgressLine?, group: any ProcessGroup
    ) throws {
        let prepared = try RunPreparation(
            configuration, resume: resume, faults: .none, progress: progress, group: group)
        let summary = RunSummary(configuration, prepared.data.splits, [], rankCount: group.size)
        summary.lines.forEach(prepared.say)
        let start = ContinuousClock.now
        try prepared.probeHead()
        let splits = try prepared.data.evaluators()
        finished = FinishedModelRun(
            prepared.start.classifier, validation: splits.validation, test: splits.test,
            bestBy: configuration.training.bestBy, files: try prepared.files(nil),
            since: start)
        modelPath = configuration.output + "/model.safetensors"
        trainedParameterCount = prepared.start.classifier.head.parameters.reduce(0) { $0 + $1.count }
    }

    package func run() throws -> Trainer.Outcome { try finished.run() }
}
