internal import ProcessGroups
internal import Training

/// The settings with which a job's step is shortest for an image.
struct SettingSearch {
    private let predictions: StepPredictions
    private let request: PlanRequest

    /// Bytes of buckets that are looked at, besides what the number of ranks says.
    static let bucketSizes = [1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26]
    /// A setting that is not the default must gain so much of a step.
    private static let smallestGain = 0.01

    init(_ predictions: StepPredictions, _ request: PlanRequest) {
        (self.predictions, self.request) = (predictions, request)
    }

    private var job: PlanJob { predictions.job }

    /// The best setting for a local batch; nil where it does not fit into memory with any. What is not configured has to
    /// gain something.
    ///
    /// Settings are played in the order of the least that they can take, up to those that cannot be the best any more.
    func best(localBatch: Int) -> ScaleSetting? {
        let fitting = settings.filter {
            job.fits(ranks: $0.ranks, threads: $0.threads, localBatch: localBatch)
        }
        let candidates = fitting.map {
            let least = predictions.leastSeconds(localBatch: localBatch, $0)
            return (setting: $0, least: least * handicap($0) / Double($0.rankCount))
        }
        var found: (setting: ScaleSetting, seconds: Double)?
        for (setting, least) in candidates.sorted(by: { $0.least < $1.least }) {
            if let found, found.seconds <= least { break }
            let step = predictions.step(localBatch: localBatch, setting).seconds
            let seconds = step * handicap(setting) / Double(setting.rankCount)
            if seconds < found?.seconds ?? .infinity { found = (setting, seconds) }
        }
        return found?.setting
    }

    /// All that may be chosen: how a host's cores are divided, the wire format, and the size of buckets.
    private var settings: [ScaleSetting] {
        let cores = request.ranks * job.threads
        let divisions =
            job.threadGain == nil
            ? [request.ranks] : (1...cores).filter { cores.isMultiple(of: $0) }
        return divisions.flatMap { ranks in
            WireFormat.allCases.flatMap { format in
                ([job.bucketBytes] + Self.bucketSizes).flatMap { bytes in
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

    private func handicap(_ setting: ScaleSetting) -> Double {
        let changes = [
            setting.wireFormat.rawValue != job.wireFormat, setting.bucketBytes != job.bucketBytes,
            setting.threads != job.threads,
        ]
        return 1 + Self.smallestGain * Double(changes.count { $0 })
    }
}
