/// What is expected of a job with one setting.
package struct PlanRow: Codable, Sendable, Equatable {
    package let hosts: Int
    /// Ranks of a host, and threads of a rank.
    package let ranks: Int
    package let threads: Int
    /// Samples of a micro-batch on a rank, and of all ranks in a step.
    package let localBatch: Int
    package let globalBatch: Int
    package let wireFormat: String
    /// Bytes of a bucket, and whether `communication.bucket-bytes` has to say so.
    package let bucketBytes: Int
    package let setsBucketBytes: Bool
    package let overlap: String
    package let stepSeconds: Double
    package let parts: StepPrediction
    package let imagesPerSecond: Double
    /// Images a second of a host, by those of a single host with the same ranks, threads and local batch, as configured.
    package let efficiency: Double
    /// Hours for all images of the run, with evaluation.
    package let hours: Double
    /// Seconds of the all-reduce of gradients that nothing hides, by those it takes with nothing beside it.
    package let exposedShare: Double
    /// Bytes that a host sends in a step for gradients.
    package let hostBytes: Double

    private enum CodingKeys: String, CodingKey {
        case hosts, ranks, threads, overlap, parts, efficiency, hours
        case localBatch = "local-batch"
        case globalBatch = "global-batch"
        case wireFormat = "wire-format"
        case bucketBytes = "bucket-bytes"
        case setsBucketBytes = "sets-bucket-bytes"
        case stepSeconds = "step-seconds"
        case imagesPerSecond = "images-per-second"
        case exposedShare = "exposed-share"
        case hostBytes = "host-bytes"
    }

    init(_ predictions: StepPredictions, localBatch: Int, _ setting: ScaleSetting) {
        let job = predictions.job
        (hosts, ranks, threads) = (setting.hosts, setting.ranks, setting.threads)
        (self.localBatch, wireFormat) = (localBatch, setting.wireFormat.rawValue)
        (bucketBytes, setsBucketBytes) = (setting.chosenBucketBytes, setting.bucketBytes != nil)
        overlap = setting.overlap.rawValue
        globalBatch = localBatch * job.microBatches * setting.rankCount
        parts = predictions.step(localBatch: localBatch, setting)
        stepSeconds = parts.seconds
        let rate = Double(globalBatch) / stepSeconds
        imagesPerSecond = rate
        let alone = predictions.stepAlone(localBatch: localBatch, setting)
        efficiency = setting.hosts == 1 ? 1 : alone.seconds / stepSeconds
        let evaluating =
            Double(job.evaluatedImages) * (job.evaluationSeconds ?? 0) / Double(setting.rankCount)
        hours = (Double(job.trainedImages) / rate + evaluating) / 3600
        let bare = predictions.bareAllReduceSeconds(setting)
        exposedShare = bare > 0 ? parts.gradients / bare : 0
        hostBytes = setting.hostBytes(gradientBytes: job.traces[0].gradientBytes)
    }
}
