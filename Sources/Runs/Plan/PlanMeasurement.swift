internal import Hosts
internal import ImageData
internal import Layers
internal import ProcessGroups
internal import Regularizers
internal import Tensors
internal import Training

/// Measures what a plan needs to know of a run: its steps without messages, and what messages cost.
///
/// Every rank runs steps of a `MirroredGroup`, at the same time, so that ranks of a host share its memory as in a run.
struct PlanMeasurement {
    private let configuration: RunConfiguration
    private let data: PreparedData
    private let assembly: RunAssembly
    private let group: any ProcessGroup
    private let samples: Subset

    /// Local batches of the steps, and that of the steps on one thread, which no others have been compiled for.
    private static let (localBatches, oneThreadBatch) = ([4, 16], 6)
    /// Ranks of a method that computes with the features of all, the second time.
    private static let manyRanks = 16
    /// Steps that are measured, as far as the time allows.
    private static let (fewestSteps, mostSteps, secondsAtMost) = (5, 15, 4.0)
    private static let warmUpSteps = 2
    /// Bytes in which gradients are followed, at the least.
    private static let resolution = 1 << 16

    /// - Parameters:
    ///   - configuration: The run's.
    ///   - data: Its samples.
    ///   - assembly: Its model, with its method prepared; the steps move its parameters.
    ///   - group: The ranks.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ configuration: RunConfiguration, _ data: PreparedData, _ assembly: RunAssembly,
        _ group: any ProcessGroup
    ) throws {
        (self.configuration, self.data) = (configuration, data)
        (self.assembly, self.group) = (assembly, group)
        let training = configuration.training
        samples = try group.agree {
            let splits = data.splits
            let rate = 200 * Double(max(training.globalBatch, 64)) / Double(splits.training.count)
            return try splits.training.sampled(sampleRate: min(100, rate), seed: training.seed)
        }
    }

    /// Measures.
    ///
    /// - Parameters:
    ///   - step: What is known of steps already.
    ///   - reading: What is known of the data already.
    ///   - network: All-reduces over the ranks, and on how many hosts these are.
    /// - Throws: `CollectiveFailure` where a step fails; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func measure(
        _ step: StepFacts, _ reading: DataFacts, network: (timings: [AllReduceTiming], hosts: Int)
    ) throws -> PlanJob {
        let smallest = assembly.regularizer.needs.smallestBatch
        let batches = try batchesThatFit()
        let ranks = max(2, (smallest + batches[0] - 1) / batches[0])
        var traces: [StepTrace] = []
        for batch in batches { traces.append(try trace(localBatch: batch, ranks: ranks)) }
        guard traces[0].interpolated(with: traces[1], localBatch: 1) != nil else {
            // Events are the same on every rank.
            throw CollectiveFailure(
                message: "steps of \(batches[0]) and of \(batches[1]) images a rank send other messages",
                exitCode: ExitCode.internalError)
        }
        let training = configuration.training
        let memory = try memory()
        let evaluated = (reading.validationCount ?? 0) * step.epochs + (reading.testCount ?? 0)
        return PlanJob(
            title: "\(step.title), \(assembly.start.precision.elementType.rawValue)", traces: traces,
            threads: ComputeThreads.count, threadGain: try threadGain(traces, ranks: ranks),
            secondsPerRank: try secondsPerRank(traces[0], ranks: ranks), measuredRanks: ranks,
            costs: try costs(network, traces[0], ranks: ranks),
            readingSeconds: reading.stepSeconds / Double(max(1, reading.rankBatch)),
            evaluationSeconds: step.evaluationSecondsPerImage, evaluatedImages: evaluated,
            trainedImages: step.epochs * step.stepsPerEpoch * training.globalBatch,
            globalBatch: training.globalBatch, rankBytes: memory.rank, imageBytes: memory.image,
            hostBytes: Double(HostMemory.current().usable),
            wireFormat: configuration.communication.wireFormat,
            overlap: configuration.communication.overlap.strategy,
            isFlat: configuration.communication.topology == .flat,
            bucketBytes: configuration.communication.bucketBytes)
    }

    // MARK: Steps

    /// Two local batches whose steps fit into memory, the larger one halved until they do.
    private func batchesThatFit() throws -> [Int] {
        let memory = try memory()
        let free = Double(HostMemory.current().available)
        let hosts = try group.allGatherTexts(HostName.current)
        let local = Double(hosts.count { $0 == hosts[group.rank] })
        var largest = Self.localBatches[1]
        while largest > 2, local * (memory.rank + 2 * Double(largest) * memory.image) > free { largest /= 2 }
        let all = try group.allGather([Int64(largest)]).map { Int($0) }
        largest = all.min() ?? largest
        return [min(Self.localBatches[0], max(1, largest / 2)), largest]
    }

    private func memory() throws -> (rank: Double, image: Double) {
        func bytes(_ images: Int) throws -> Double {
            try MemoryCheck.stepBytes(
                configuration.network, classCount: data.classCount, imageShape: data.splits.imageShape,
                images: images, heldImages: 2 * images, precision: assembly.start.precision.elementType,
                recomputation: configuration.training.recompute)
        }
        return try group.agree {
            let (one, two) = (try bytes(1), try bytes(2))
            return (2 * one - two, two - one)
        }
    }

    /// The medians over all ranks' steps.
    private func trace(localBatch: Int, ranks: Int) throws -> StepTrace {
        let recorded = try record(localBatch: localBatch, ranks: ranks)
        // Ranks compute the same events; each has seconds of its own.
        let all = try group.allGatherCoded(recorded.steps)
        return StepTrace(
            localBatch: localBatch, microBatches: configuration.training.accumulation, headBytes: headBytes,
            events: recorded.events,
            steps: all.flatMap(\.self).filter { $0.count == recorded.events.count })
    }

    /// Bytes of the head's gradients; each parameter begins on a cache line, as in `ParameterStore`.
    private var headBytes: Int {
        assembly.parameterGroups.filter { $0.part == .head }.flatMap(\.parameters).reduce(0) {
            $0 + ($1.count + 15) / 16 * 64
        }
    }

    private func record(
        localBatch: Int, ranks: Int
    ) throws -> (events: [StepTrace.Event], steps: [[Double]]) {
        let (run, recorder) = try stepper(localBatch: localBatch, ranks: ranks)
        let count = try stepCount(run)
        try group.barrier()
        try group.agree { for _ in 0..<count { try recorder.record(run) } }
        return recorder.recorded
    }

    /// How many steps there is time for, the same on every rank, after some that are not measured.
    private func stepCount(_ run: () throws -> Void) throws -> Int {
        try group.agree { for _ in 0..<Self.warmUpSteps { try run() } }
        let start = ContinuousClock.now
        try group.agree(run)
        var count = [Int64(Self.secondsAtMost / max(1e-3, start.secondsUntilNow))]
        try group.broadcast(&count, from: 0)
        return min(Self.mostSteps, max(Self.fewestSteps, Int(count[0])))
    }

    /// Something that runs a step, and what records it.
    private func stepper(
        localBatch: Int, ranks: Int
    ) throws -> (run: () throws -> Void, recorder: StepRecorder) {
        let training = configuration.training
        let mirrored = MirroredGroup(size: ranks)
        let recorder = StepRecorder(mirrored)
        return try group.agree {
            let loader = try BatchLoader(
                subset: samples, pipeline: data.splits.trainingPipeline, seed: training.seed,
                shard: Shard(rank: 0, size: 1), globalBatch: localBatch, shuffle: training.shuffle,
                secondView: assembly.regularizer.needs.secondView, workers: configuration.data.workers)
            let batches = try (0..<training.accumulation).map { try loader.batch(step: $0) }
            let step = try TrainingStep(
                assembly.start.classifier, groups: assembly.parameterGroups,
                regularizer: assembly.regularizer,
                optimizer: configuration.optimizer.makeOptimizer(),
                maxGradientNorm: training.clipGradientNorm, normalization: configuration.network.batchNorm,
                group: mirrored,
                communication: CommunicationSettings(
                    overlap: .polling, topology: .flat, bucketBytes: Self.resolution))
            let globalBatch = localBatch * training.accumulation * ranks
            let run = {
                // Every copy says the learning rate, which is added up.
                _ = try step.run(batches, globalBatch: globalBatch, learningRate: 1e-6)
            }
            return (run, recorder)
        }
    }

    // MARK: Threads, ranks and messages

    /// Seconds with one thread by those with all; nil where there is one.
    private func threadGain(_ traces: [StepTrace], ranks: Int) throws -> Double? {
        let most = try group.allGather([Int64(ComputeThreads.count)]).max() ?? 1
        guard most > 1 else { return nil }
        let batch = Self.oneThreadBatch
        let all = traces[0].interpolated(with: traces[1], localBatch: batch) ?? traces[0]
        let one = try ComputeThreads.with(1) { try trace(localBatch: batch, ranks: ranks) }
        return max(1, one.seconds / all.seconds)
    }

    /// What a rank more costs a method that computes with what all ranks have.
    private func secondsPerRank(_ trace: StepTrace, ranks: Int) throws -> Double {
        let gathers = trace.intervals.contains { if case .gather = $0.event { true } else { false } }
        guard gathers, ranks < Self.manyRanks else { return 0 }
        let more = try self.trace(localBatch: trace.localBatch, ranks: Self.manyRanks)
        return max(0, more.seconds - trace.seconds) / Double(Self.manyRanks - ranks)
    }

    private func costs(
        _ network: (timings: [AllReduceTiming], hosts: Int), _ trace: StepTrace, ranks: Int
    ) throws -> CommunicationCosts {
        var costs = CommunicationCosts()
        costs.laneCount = CommunicationMechanics.laneCount
        try group.barrier()
        let memory = MemoryCosts.measure()
        let sockets = LoopbackCosts.measure()
        let wake = try wakeSeconds(trace, ranks: ranks, pause: costs.pauseSeconds)
        func slowest(_ value: Double) throws -> Double { try group.allGather([value]).max() ?? value }
        costs.copySeconds = try slowest(memory.copySeconds)
        costs.sumSeconds = try slowest(memory.sumSeconds)
        costs.messageSeconds = try slowest(sockets?.messageSeconds ?? costs.messageSeconds)
        costs.byteSeconds = try slowest(sockets?.byteSeconds ?? costs.byteSeconds)
        costs.wakeSeconds = try slowest(wake)
        let local = group.size / network.hosts
        costs.memoryRanks = max(costs.memoryRanks, Double(local))
        guard let small = network.timings.first else { return costs }
        let rounds = (local: ScaleSetting.rounds(local), remote: ScaleSetting.rounds(network.hosts))
        if network.hosts == 1 {
            costs.localLatency = small.seconds / Double(max(1, rounds.local))
            costs.networkLatency = max(costs.networkLatency, costs.localLatency)
        } else {
            let remote = small.seconds - Double(rounds.local) * costs.localLatency
            costs.networkLatency = max(costs.localLatency, remote / Double(rounds.remote))
        }
        return costs
    }

    /// What a thread that wakes all the time takes from a step each time: steps with and without it, in turns.
    private func wakeSeconds(_ trace: StepTrace, ranks: Int, pause: Double) throws -> Double {
        let run = try stepper(localBatch: trace.localBatch, ranks: ranks).run
        let count = try stepCount(run)
        return try group.agree {
            var (plain, disturbed, wakes): ([Double], [Double], [Double]) = ([], [], [])
            for _ in 0..<count {
                var start = ContinuousClock.now
                try run()
                plain.append(start.secondsUntilNow)
                let thread = AdvancingThread(pauseSeconds: pause)
                start = .now
                let outcome = Result(catching: run)
                disturbed.append(start.secondsUntilNow)
                wakes.append(Double(thread.stop()))
                try outcome.get()
            }
            return max(0, disturbed.median - plain.median) / max(1, wakes.median)
        }
    }
}
