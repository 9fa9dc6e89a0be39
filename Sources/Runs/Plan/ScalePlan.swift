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
    /// The efficiency of the row that comes nearest to the goal, if batch normalization took statistics of each rank's own
    /// samples, which changes results; nil where the goal is reached, and where it takes no others.
    package private(set) var efficiencyWithLocalStatistics: Double?
    /// The same local batches with the settings as configured and each overlap strategy.
    package let strategies: [PlanRow]

    private enum CodingKeys: String, CodingKey {
        case hosts, ranks, gigabits, configured, rows, strategies
        case efficiencyWithLocalStatistics = "efficiency-with-local-statistics"
    }

    /// Two settings with one local batch.
    package struct Pair: Codable, Sendable, Equatable {
        package let configured: PlanRow?
        package let best: PlanRow
    }

    /// The efficiency that is aimed at.
    package static let goal = 0.95

    /// Local batches that are looked at, besides the configured one.
    static let localBatches = [4, 8, 16, 32, 64]

    package init(_ job: PlanJob, _ request: PlanRequest) { self.init(StepPredictions(job), request) }

    /// - Parameter predictions: Those of the job, which other clusters may share.
    init(_ predictions: StepPredictions, _ request: PlanRequest) {
        let job = predictions.job
        (hosts, ranks, gigabits) = (request.hosts, request.ranks, request.gigabits)
        let setting = job.configured(request)
        let share = Self.localBatch(job, rankCount: setting.rankCount)
        let batches = Set(Self.localBatches + [share].compactMap(\.self)).sorted()
        let search = SettingSearch(predictions, request)
        var (pairs, strategies): ([Pair], [PlanRow]) = ([], [])
        for localBatch in batches {
            var asConfigured: PlanRow?
            if job.fits(ranks: request.ranks, threads: job.threads, localBatch: localBatch) {
                let rows = OverlapStrategy.allCases.map { strategy in
                    var setting = setting
                    setting.overlap = strategy
                    return PlanRow(predictions, localBatch: localBatch, setting)
                }
                let allowed = Set(job.strategies.map(\.rawValue))
                asConfigured = rows.filter { allowed.contains($0.overlap) }.min {
                    $0.stepSeconds < $1.stepSeconds
                }
                strategies += rows
            }
            guard let best = search.best(localBatch: localBatch) else { continue }
            let row = PlanRow(predictions, localBatch: localBatch, best)
            pairs.append(Pair(configured: asConfigured, best: row))
        }
        (rows, self.strategies) = (pairs, strategies)
        configured = share.flatMap { share in
            pairs.first { $0.best.localBatch == share }?.configured
        }
        if reaching == nil, job.isSynchronized, let row = chosen {
            efficiencyWithLocalStatistics = predictions.efficiencyWithLocalStatistics(row, request)
        }
    }

    /// The smallest local batch with which the goal is reached, in its best setting.
    package var reaching: PlanRow? { rows.first { $0.best.efficiency >= Self.goal }?.best }

    /// The row that a summary shows: where the goal is reached, else the one that comes nearest.
    package var chosen: PlanRow? { reaching ?? rows.map(\.best).max { $0.efficiency < $1.efficiency } }

    /// The rank with most samples of a micro-batch of the configured size; nil where some would have none.
    private static func localBatch(_ job: PlanJob, rankCount: Int) -> Int? {
        let microBatch = job.globalBatch / job.microBatches
        return microBatch < rankCount ? nil : (microBatch + rankCount - 1) / rankCount
    }
}
