internal import ProcessGroups
internal import Training

/// Predictions for a job on one cluster, a pure function of what was measured.
package struct ScalePlan: Codable, Sendable, Equatable {
    /// The cluster.
    package let hosts: Int
    package let ranks: Int
    package let gigabits: Double
    /// The configured global batch over all ranks; nil where there are more ranks than samples, or the batch does not fit
    /// into memory.
    package let configured: PlanRow?
    /// For each local batch that fits: the settings as configured, and the best of all.
    package let rows: [Pair]
    /// The same local batches with the settings as configured and each overlap strategy.
    package let strategies: [PlanRow]

    /// Two settings with one local batch.
    package struct Pair: Codable, Sendable, Equatable {
        package let configured: PlanRow?
        package let best: PlanRow
    }

    /// The efficiency that is aimed at.
    package static let goal = 0.95

    /// Local batches that are looked at, besides the configured one.
    static let localBatches = [4, 8, 16, 32, 64]
    /// Bytes of buckets that are looked at, besides what the number of ranks says.
    static let bucketSizes = [1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26]
    /// A setting that is not the default must gain so much of a step.
    private static let smallestGain = 0.01

    package init(_ job: PlanJob, _ request: PlanRequest) {
        (hosts, ranks, gigabits) = (request.hosts, request.ranks, request.gigabits)
        let setting = job.configured(request)
        let share = Self.localBatch(job, rankCount: setting.rankCount)
        func asConfigured(_ localBatch: Int) -> PlanRow? {
            guard job.fits(ranks: request.ranks, localBatch: localBatch) else { return nil }
            return Self.best(job, localBatch: localBatch, Self.withStrategies(job, setting))
        }
        configured = share.flatMap(asConfigured)
        let batches = Set(Self.localBatches + [share].compactMap(\.self)).sorted()
        strategies = batches.filter { job.fits(ranks: request.ranks, localBatch: $0) }.flatMap { localBatch in
            OverlapStrategy.allCases.map {
                var setting = setting
                setting.overlap = $0
                return PlanRow(job, localBatch: localBatch, setting)
            }
        }
        rows = batches.compactMap { localBatch in
            let all = Self.settings(job, request).filter { job.fits(ranks: $0.ranks, localBatch: localBatch) }
            return Self.best(job, localBatch: localBatch, all).map {
                Pair(configured: asConfigured(localBatch), best: $0)
            }
        }
    }

    /// The smallest local batch with which the goal is reached, in its best setting.
    package var reaching: PlanRow? { rows.first { $0.best.efficiency >= Self.goal }?.best }

    /// The rank with most samples of a micro-batch of the configured size; nil where some would have none.
    private static func localBatch(_ job: PlanJob, rankCount: Int) -> Int? {
        let microBatch = job.globalBatch / job.microBatches
        return microBatch < rankCount ? nil : (microBatch + rankCount - 1) / rankCount
    }

    private static func withStrategies(_ job: PlanJob, _ setting: ScaleSetting) -> [ScaleSetting] {
        job.strategies.map {
            var setting = setting
            setting.overlap = $0
            return setting
        }
    }

    /// All that may be chosen: how a host's cores are divided, the wire format, and the size of buckets.
    private static func settings(_ job: PlanJob, _ request: PlanRequest) -> [ScaleSetting] {
        let cores = request.ranks * job.threads
        let divisions =
            job.threadGain == nil
            ? [request.ranks] : (1...cores).filter { cores.isMultiple(of: $0) }
        return divisions.flatMap { ranks in
            WireFormat.allCases.flatMap { format in
                ([job.bucketBytes] + bucketSizes).flatMap { bytes in
                    OverlapStrategy.allCases.map { strategy in
                        var setting = job.configured(request)
                        (setting.ranks, setting.threads) = (ranks, cores / ranks)
                        (setting.wireFormat, setting.bucketBytes) = (format, bytes)
                        (setting.overlap, setting.isFlat) = (strategy, false)
                        return setting
                    }
                }
            }
        }
    }

    /// The setting with the shortest step for an image; what is not configured has to gain something.
    private static func best(_ job: PlanJob, localBatch: Int, _ settings: [ScaleSetting]) -> PlanRow? {
        let seconds = settings.map { handicapped($0, job, localBatch) }
        let found = settings.indices.min { seconds[$0] < seconds[$1] }
        return found.map { PlanRow(job, localBatch: localBatch, settings[$0]) }
    }

    private static func handicapped(_ setting: ScaleSetting, _ job: PlanJob, _ localBatch: Int) -> Double {
        let trace = job.trace(localBatch: localBatch, threads: setting.threads)
        let seconds = PlanRow.predict(job, trace, setting).seconds
        let changes = [
            setting.wireFormat.rawValue != job.wireFormat, setting.bucketBytes != job.bucketBytes,
            setting.threads != job.threads,
        ]
        let handicap = 1 + smallestGain * Double(changes.count { $0 })
        return seconds / Double(trace.samples * setting.rankCount) * handicap
    }
}
