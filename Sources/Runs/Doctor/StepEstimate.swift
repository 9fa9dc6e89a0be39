internal import Hosts
internal import ImageData
internal import Layers
internal import ProcessGroups
internal import Regularizers
internal import Tensors
internal import Training

/// Measures the steps of a configured run on some of its samples.
struct StepEstimate {
    private let configuration: RunConfiguration
    private let data: PreparedData
    private let assembly: RunAssembly
    private let group: any ProcessGroup

    /// - Parameters:
    ///   - configuration: The run's.
    ///   - data: Its samples.
    ///   - assembly: Its model, with its method made and prepared for measuring; the steps move its parameters.
    ///   - group: The ranks.
    init(
        _ configuration: RunConfiguration, _ data: PreparedData, _ assembly: RunAssembly,
        _ group: any ProcessGroup
    ) {
        (self.configuration, self.data) = (configuration, data)
        (self.assembly, self.group) = (assembly, group)
    }

    /// Trains for a few steps with the run's own weights, method and batches, and evaluates a batch.
    ///
    /// - Parameters:
    ///   - samples: For these steps.
    ///   - stepCount: Steps that are measured.
    /// - Throws: `CollectiveFailure` where the method or the data fail; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func measure(_ samples: Subset, stepCount: Int) throws -> StepFacts {
        let seconds = try measureSteps(samples, stepCount)
        let evaluation = try evaluationSecondsPerImage(samples)
        let slowest = try group.allGather([seconds.map(\.total).median]).max() ?? 0
        let parameterCount = assembly.parameterGroups.reduce(0) { $0 + $1.count }
        let slotCount = configuration.optimizer.makeOptimizer().slotNames.count
        return StepFacts(
            title: "\(configuration.network.name.rawValue), \(configuration.method.name.rawValue)",
            globalBatch: training.globalBatch, parts: seconds.medians, stepSeconds: slowest,
            parameterCount: parameterCount,
            stateCount: assembly.regularizer.state.reduce(slotCount * parameterCount) {
                $0 + $1.tensor.count
            },
            checkpointCount: configuration.checkpoint.keep + 2,
            peakBytes: try group.allGather([ProcessMemory.peakBytes]),
            stepsPerEpoch: training.steps(perPassOver: data.splits.training.count), epochs: training.epochs,
            evaluationSecondsPerImage: evaluation,
            hasPreparation: configuration.method.settings.hasPreparation
                || configuration.network.headInitialization == .linearProbe)
    }

    private var training: TrainingConfiguration { configuration.training }

    private func measureSteps(_ samples: Subset, _ count: Int) throws -> [StepSeconds] {
        let step = try assembly.makeStep()
        let microBatches = training.accumulation
        // Read beforehand, so that waiting for images is not a part of the step.
        let batches = try group.agree {
            let loader = try data.trainingLoader(
                samples, secondView: assembly.regularizer.needs.secondView)
            return try (0..<2 * microBatches).map { try loader.batch(step: $0) }
        }
        return try step.measured(count, globalBatch: training.globalBatch, group: group) { index in
            let first = index % 2 * microBatches
            return Array(batches[first..<first + microBatches])
        }
    }

    /// Seconds that the slowest rank takes for an image, without reading it; nil where nothing is evaluated.
    private func evaluationSecondsPerImage(_ samples: Subset) throws -> Double? {
        let batch = try group.agree {
            let loader = try data.evaluationLoader(samples)
            return loader.batchCount == 0 ? nil : try loader.batch(0)
        }
        var seconds: [Double] = []
        if let batch {
            // The first time, primitives are compiled.
            for _ in 0..<2 {
                let begin = ContinuousClock.now
                _ = try assembly.start.classifier(Variable(batch.images), .inference)
                seconds = [begin.secondsUntilNow / Double(batch.count)]
            }
        }
        return try group.allGather(seconds).max()
    }
}
