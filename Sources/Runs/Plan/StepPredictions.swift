internal import ProcessGroups
internal import Training

/// Predictions of a job's steps, each played once.
final class StepPredictions {
    let job: PlanJob
    private var traces: [TraceKey: StepTrace] = [:]
    private var steps: [StepKey: StepPrediction] = [:]
    private var bareSeconds: [ScaleSetting: Double] = [:]

    private struct TraceKey: Hashable {
        let localBatch: Int
        let threads: Int
    }

    private struct StepKey: Hashable {
        let localBatch: Int
        let setting: ScaleSetting
    }

    init(_ job: PlanJob) { self.job = job }

    /// What a rank of so many threads computes in a step.
    func trace(localBatch: Int, threads: Int) -> StepTrace {
        let key = TraceKey(localBatch: localBatch, threads: threads)
        if let trace = traces[key] { return trace }
        let trace = job.trace(localBatch: localBatch, threads: threads)
        traces[key] = trace
        return trace
    }

    /// A step, with what does not depend on messages: the method's work on the features of all ranks, and reading.
    func step(localBatch: Int, _ setting: ScaleSetting) -> StepPrediction {
        let key = StepKey(localBatch: localBatch, setting: setting)
        if let step = steps[key] { return step }
        let trace = trace(localBatch: localBatch, threads: setting.threads)
        var step = StepSimulation.predict(trace, setting, job.costs)
        step.computing += methodSeconds(setting)
        step.data = max(0, Double(trace.samples) * job.readingSeconds - step.seconds)
        steps[key] = step
        return step
    }

    /// The efficiency of a row if batch normalization took statistics of each rank's own samples.
    func efficiencyWithLocalStatistics(_ row: PlanRow, _ request: PlanRequest) -> Double {
        var setting = job.configured(request)
        (setting.ranks, setting.threads) = (row.ranks, row.threads)
        setting.wireFormat = WireFormat(rawValue: row.wireFormat) ?? setting.wireFormat
        setting.bucketBytes = row.setsBucketBytes ? row.bucketBytes : nil
        setting.overlap = OverlapStrategy(rawValue: row.overlap) ?? setting.overlap
        setting.isFlat = false
        let trace = trace(localBatch: row.localBatch, threads: row.threads).withLocalStatistics
        func seconds(_ setting: ScaleSetting) -> Double {
            StepSimulation.predict(trace, setting, job.costs).seconds + methodSeconds(setting)
        }
        var alone = job.configured(PlanRequest(hosts: 1, ranks: row.ranks, gigabits: 1))
        (alone.threads, alone.overlap) = (row.threads, .none)
        return seconds(alone) / seconds(setting)
    }

    /// The step of a single host with as many ranks and threads: as configured, with the fastest overlap strategy.
    func stepAlone(localBatch: Int, _ setting: ScaleSetting) -> StepPrediction {
        var alone = job.configured(PlanRequest(hosts: 1, ranks: setting.ranks, gigabits: 1))
        alone.threads = setting.threads
        let steps = OverlapStrategy.allCases.map { strategy in
            alone.overlap = strategy
            return step(localBatch: localBatch, alone)
        }
        return steps.min { $0.seconds < $1.seconds } ?? step(localBatch: localBatch, alone)
    }

    /// Seconds that no step with this setting is shorter than: what is computed, and what goes over the link.
    func leastSeconds(localBatch: Int, _ setting: ScaleSetting) -> Double {
        let trace = trace(localBatch: localBatch, threads: setting.threads)
        let computing = trace.seconds + methodSeconds(setting)
        let bytes = setting.hostBytes(gradientBytes: trace.gradientBytes)
        let sending = setting.linkSeconds(bytes, job.costs)
        let stragglers = ExpectedMaximum.ofNormals(setting.rankCount) * trace.deviation
        return stragglers + (setting.overlap == .none ? computing + sending : max(computing, sending))
    }

    /// The all-reduce of all gradients with nothing beside it.
    func bareAllReduceSeconds(_ setting: ScaleSetting) -> Double {
        // Neither decides it.
        var key = setting
        (key.overlap, key.threads) = (.none, 1)
        if let seconds = bareSeconds[key] { return seconds }
        let seconds = StepSimulation.bareAllReduce(job.traces[0], key, job.costs)
        bareSeconds[key] = seconds
        return seconds
    }

    private func methodSeconds(_ setting: ScaleSetting) -> Double {
        job.secondsPerRank * Double(max(0, setting.rankCount - job.measuredRanks))
    }
}
