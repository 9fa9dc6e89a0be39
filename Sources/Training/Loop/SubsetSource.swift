public import ImageData
public import Regularizers
internal import Tensors

/// A subset of a data set as methods see it before the first step: as in evaluation.
public struct SubsetSource: SampleSource {
    private let subset: Subset
    private let pipeline: ImagePipeline
    private let shard: Shard
    private let seed: UInt64
    /// What is done to the images, and what they are normalized by.
    public let transform: String

    /// - Parameters:
    ///   - subset: The samples, the same on every rank.
    ///   - pipeline: How images are transformed and normalized, without random changes.
    ///   - shard: This rank.
    ///   - seed: The run's seed, which keys shuffled batches.
    ///   - transform: What the pipeline does, in words that change when it does: part of the key of what is computed
    ///     from the samples.
    public init(
        _ subset: Subset, pipeline: ImagePipeline, shard: Shard, seed: UInt64, transform: String
    ) {
        (self.subset, self.pipeline, self.shard, self.seed) = (subset, pipeline, shard, seed)
        self.transform = transform
    }

    /// Number of samples over all ranks.
    public var count: Int { subset.count }
    /// Number of classes.
    public var classCount: Int { subset.classCount }
    /// A name for each class.
    public var classNames: [String] { subset.classNames }
    /// A summary of the samples and their labels.
    public var fingerprint: UInt64 { subset.fingerprint }

    /// Calls `body` for this rank's shard, in batches of 32.
    public func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {
        let loader = try EvaluationLoader(
            subset: subset, pipeline: pipeline, batchSize: 32, shard: shard)
        for number in 0..<loader.batchCount { try body(SampleBatch(loader.batch(number))) }
    }

    /// A batch of one shuffled pass over the samples, the same on every rank.
    public func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
        let loader = try BatchLoader(
            subset: subset, pipeline: pipeline, seed: seed, shard: .whole, globalBatch: size)
        return SampleBatch(try loader.batch(step: number))
    }
}

extension SampleBatch {
    fileprivate init(_ batch: Batch) {
        self.init(images: batch.images, labels: batch.labels, positions: batch.positions)
    }
}
