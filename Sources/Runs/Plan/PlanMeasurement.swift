internal import Foundation
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
    /// Steps that are measured, as far as the time allows, behind one that compiles primitives.
    private static let (fewestSteps, mostSteps, secondsAtMost) = (3, 12, 1.0)
    /// Forward passes with and without a thread that wakes, and the least seconds of one measurement of them.
    private static let (wakeRepetitions, wakeSecondsAtLeast) = (5, 0.1)
    /// Numbers of the all-reduce whose processor time is measured.
    private static let transferCount = 1 << 20
    /// Bytes in which gradients are followed, at the least.
    private static let resolution = 1 << 16

    /// - Parameters:
    ///   - configuration: The run's.
    ///   - data: Its samples.
    ///   - assembly: Its model, with its method prepared; the steps move its parameters.
    ///   - samples: Those of the steps.
    ///   - group: The ranks.
    init(
        _ configuration: RunConfiguration, _ data: PreparedData, _ assembly: RunAssembly, _ samples: Subset,
        _ group: any ProcessGroup
    ) {
        (self.configuration, self.data, self.samples) = (configuration, data, samples)
        (self.assembly, self.group) = (assembly, group)
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
        let precision = assembly.start.precision
        let forward = try forwardCosts(traces[0].localBatch)
        return PlanJob(
            title: "\(step.title), \(precision.elementType.rawValue)", traces: traces,
            threads: ComputeThreads.count, threadGain: try threadGain(traces, ranks: ranks),
            secondsPerRank: try secondsPerRank(traces[0], ranks: ranks), measuredRanks: ranks,
            costs: try costs(network, wakeSeconds: forward.wakeSeconds),
            readingSeconds: reading.stepSeconds / Double(max(1, reading.rankBatch)),
            evaluationSeconds: step.evaluationSecondsPerImage.map { _ in forward.imageSeconds },
            evaluatedImages: evaluated,
            trainedImages: step.epochs * step.stepsPerEpoch * training.globalBatch,
            globalBatch: training.globalBatch, rankBytes: memory.rank, imageBytes: memory.image,
            hostBytes: Double(HostMemory.current().usable),
            hostCores: ProcessInfo.processInfo.processorCount, precision: precision.elementType.rawValue,
            notices: precision.notices,
            isSynchronized: configuration.network.batchNorm == .synchronized,
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
        try group.agree(run)
        try group.barrier()
        let start = ContinuousClock.now
        try group.agree { try recorder.record(run) }
        // How many there is time for, the same on every rank.
        var count = [Int64(Self.secondsAtMost / max(1e-3, start.secondsUntilNow))]
        try group.broadcast(&count, from: 0)
        let more = min(Self.mostSteps, max(Self.fewestSteps, Int(count[0]))) - 1
        try group.agree { for _ in 0..<more { try recorder.record(run) } }
        return recorder.recorded
    }

    /// Something that runs a step, and what records it.
    private func stepper(
        localBatch: Int, ranks: Int
    ) throws -> (run: () throws -> Void, recorder: StepRecorder) {
        let training = configuration.training
        let mirrored = MirroredGroup(size: ranks)
        let recorder = StepRecorder(mirrored)
        return try group.agree {
            let loader = try loader(localBatch)
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

    private func loader(_ localBatch: Int) throws -> BatchLoader {
        try BatchLoader(
            subset: samples, pipeline: data.splits.trainingPipeline, seed: configuration.training.seed,
            shard: Shard(rank: 0, size: 1), globalBatch: localBatch, shuffle: configuration.training.shuffle,
            secondView: assembly.regularizer.needs.secondView, workers: configuration.data.workers)
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
        _ network: (timings: [AllReduceTiming], hosts: Int), wakeSeconds: Double
    ) throws -> CommunicationCosts {
        var costs = CommunicationCosts()
        costs.laneCount = CommunicationMechanics.laneCount
        try group.barrier()
        let memory = MemoryCosts.measure()
        let sockets = LoopbackCosts.measure()
        func slowest(_ value: Double) throws -> Double { try group.allGather([value]).max() ?? value }
        costs.copySeconds = try slowest(memory.copySeconds)
        costs.sumSeconds = try slowest(memory.sumSeconds)
        costs.messageSeconds = try slowest(sockets?.messageSeconds ?? costs.messageSeconds)
        costs.byteSeconds = try slowest(sockets?.byteSeconds ?? costs.byteSeconds)
        costs.wakeSeconds = try slowest(wakeSeconds)
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
            let processor = try AllReduceProcessorTime.seconds(count: Self.transferCount, over: group)
            costs.byteSeconds = max(
                costs.byteSeconds,
                costs.byteSeconds(
                    ofAllReduce: 4 * Self.transferCount, processorSeconds: processor, hosts: network.hosts,
                    ranks: group.size))
        }
        return costs
    }

    /// What a forward pass takes for an image, and what a thread that wakes all the time takes from it each time: passes
    /// with and without it, in turns.
    private func forwardCosts(_ localBatch: Int) throws -> (imageSeconds: Double, wakeSeconds: Double) {
        try group.barrier()
        return try group.agree {
            let batch = try loader(localBatch).batch(step: 0)
            func seconds(_ count: Int) throws -> Double {
                let start = ContinuousClock.now
                for _ in 0..<count {
                    _ = try assembly.start.classifier(Variable(batch.images), .inference)
                }
                return start.secondsUntilNow
            }
            // The first one compiles primitives.
            _ = try seconds(1)
            let count = max(1, Int(Self.wakeSecondsAtLeast / max(1e-6, try seconds(1))))
            var (plain, taken): ([Double], [Double]) = ([], [])
            for _ in 0..<Self.wakeRepetitions {
                plain.append(try seconds(count))
                let thread = AdvancingThread(pauseSeconds: CommunicationMechanics.pauseSeconds)
                let outcome = Result { try seconds(count) }
                let wakes = thread.stop()
                taken.append((try outcome.get() - plain[plain.count - 1]) / Double(max(1, wakes)))
            }
            // Where a thread has to wait for its turn, it wakes less often, and takes no more than there is.
            let wakeSeconds = min(CommunicationMechanics.pauseSeconds, max(0, taken.median))
            return (plain.median / Double(count * batch.count), wakeSeconds)
        }
    }
}
