package import ProcessGroups
package import Training

/// What a plan knows of a job: what was measured of its steps, and what its configuration says.
package struct PlanJob: Codable, Sendable, Equatable {
    /// Name of network, method and precision.
    package var title: String
    /// A step with a small and with a larger local batch, in ascending order.
    package var traces: [StepTrace]
    /// Threads of a rank in these steps.
    package var threads: Int
    /// Seconds of a step with one thread by those with all; nil where it was not measured.
    package var threadGain: Double?
    /// Seconds of a step that each rank more costs, because a method computes with the features of all ranks.
    package var secondsPerRank: Double
    /// Ranks at which the steps were measured, as far as it matters to the method.
    package var measuredRanks: Int
    package var costs: CommunicationCosts
    /// Seconds in which a rank reads an image while nothing else is computed.
    package var readingSeconds: Double
    /// Seconds in which a rank evaluates an image; nil where it does not.
    package var evaluationSeconds: Double?
    /// Images that are evaluated in the run, over all epochs.
    package var evaluatedImages: Int
    /// Images that the steps of the run see, all epochs together.
    package var trainedImages: Int
    /// Samples of all ranks in a step, as configured.
    package var globalBatch: Int
    /// Bytes that a rank needs at least, whatever its batch, and for each image more.
    package var rankBytes: Double
    package var imageBytes: Double
    /// Bytes that the ranks of a host have, 0 where that is not known, and cores of that host.
    package var hostBytes: Double
    package var hostCores: Int
    /// Seconds in which rank 0 writes a checkpoint, beside the steps; nil where it is not known.
    package var checkpointSeconds: Double?
    /// What the steps computed in, and what the user should know of it.
    package var precision: String
    package var notices: [String]
    /// Whether batch normalization takes statistics of the global batch.
    package var isSynchronized: Bool
    /// Configured.
    package var wireFormat: String
    package var overlap: String?
    package var isFlat: Bool
    package var bucketBytes: Int?

    private enum CodingKeys: String, CodingKey {
        case title, traces, threads, costs, overlap, precision, notices
        case isSynchronized = "is-synchronized"
        case threadGain = "thread-gain"
        case secondsPerRank = "seconds-per-rank"
        case measuredRanks = "measured-ranks"
        case readingSeconds = "reading-seconds"
        case checkpointSeconds = "checkpoint-seconds"
        case evaluationSeconds = "evaluation-seconds"
        case evaluatedImages = "evaluated-images"
        case trainedImages = "trained-images"
        case globalBatch = "global-batch"
        case rankBytes = "rank-bytes"
        case imageBytes = "image-bytes"
        case hostBytes = "host-bytes"
        case hostCores = "host-cores"
        case wireFormat = "wire-format"
        case isFlat = "is-flat"
        case bucketBytes = "bucket-bytes"
    }

    package init(
        title: String, traces: [StepTrace], threads: Int, threadGain: Double? = nil,
        secondsPerRank: Double = 0,
        measuredRanks: Int = 2, costs: CommunicationCosts, readingSeconds: Double = 0,
        evaluationSeconds: Double? = nil, evaluatedImages: Int = 0, trainedImages: Int, globalBatch: Int,
        rankBytes: Double = 0, imageBytes: Double = 0, hostBytes: Double = 0, hostCores: Int = 0,
        precision: String = "float32",
        notices: [String] = [], isSynchronized: Bool = true, wireFormat: WireFormat = .float32,
        overlap: OverlapStrategy? = nil, isFlat: Bool = false,
        bucketBytes: Int? = nil
    ) {
        (self.title, self.traces, self.threads, self.threadGain) = (title, traces, threads, threadGain)
        (self.secondsPerRank, self.measuredRanks, self.costs) = (secondsPerRank, measuredRanks, costs)
        (self.readingSeconds, self.evaluationSeconds) = (readingSeconds, evaluationSeconds)
        (self.evaluatedImages, self.trainedImages) = (evaluatedImages, trainedImages)
        (self.globalBatch, self.rankBytes, self.imageBytes) = (globalBatch, rankBytes, imageBytes)
        (self.hostBytes, self.wireFormat, self.overlap) = (hostBytes, wireFormat.rawValue, overlap?.rawValue)
        (self.isFlat, self.bucketBytes) = (isFlat, bucketBytes)
        self.hostCores = hostCores
        (self.precision, self.notices, self.isSynchronized) = (precision, notices, isSynchronized)
    }

    /// Micro-batches of a step.
    package var microBatches: Int { traces[0].microBatches }

    /// A step with a local batch on a rank of so many threads: linear in the batch, and by Amdahl's law in the threads,
    /// `t(n) = t(1) · (s + (1 − s) / n)`, with s from the two numbers of threads that were measured.
    package func trace(localBatch: Int, threads count: Int) -> StepTrace {
        let step: StepTrace
        if let last = traces.last, let between = traces[0].interpolated(with: last, localBatch: localBatch) {
            step = between.joined
        } else {
            step = (traces.last ?? traces[0]).joined
        }
        guard count != threads, let gain = threadGain, threads > 1 else { return step }
        let serial = min(1, max(0, (1 / gain - 1 / Double(threads)) / (1 - 1 / Double(threads))))
        func share(_ count: Int) -> Double { serial + (1 - serial) / Double(count) }
        return step.scaled(by: share(count) / share(threads))
    }

    /// Whether so many ranks with so many images each can be held by a host, by the lower bound of `MemoryCheck`. A host
    /// of more cores than this one has as much more memory.
    package func fits(ranks: Int, threads: Int, localBatch: Int) -> Bool {
        let larger = hostCores == 0 ? 1 : max(1, Double(ranks * threads) / Double(hostCores))
        return hostBytes == 0
            || Double(ranks) * (rankBytes + Double(localBatch) * imageBytes) <= larger * hostBytes
    }

    /// What the configuration says of communication, on a cluster.
    func configured(_ request: PlanRequest) -> ScaleSetting {
        var setting = ScaleSetting(hosts: request.hosts, ranks: request.ranks, gigabits: request.gigabits)
        setting.threads = threads
        setting.wireFormat = WireFormat(rawValue: wireFormat) ?? .float32
        (setting.isFlat, setting.bucketBytes) = (isFlat, bucketBytes)
        return setting
    }

    /// Strategies that may be taken.
    var strategies: [OverlapStrategy] {
        overlap.flatMap { OverlapStrategy(rawValue: $0) }.map { [$0] } ?? OverlapStrategy.allCases
    }
}
