/// Gives a rank its share of each step's global batch, preparing the next shares in the background.
///
/// Which samples a step takes and how their images are transformed depends on the seed, the step and the data; how
/// rows are divided depends on the shard; nothing depends on the number of workers. In order of rank, the
/// shares of all ranks are the global batch.
public final class BatchLoader: Sendable {
    /// Samples of all ranks together in a step, `B`.
    public let globalBatch: Int
    /// This rank's rows of the global batch.
    public let rows: Range<Int>
    /// The order of the samples.
    public let stream: SampleStream

    private let prefetcher: Prefetcher

    /// A loader of training batches.
    ///
    /// - Parameters:
    ///   - subset: The training samples, the same on every rank.
    ///   - pipeline: How images are transformed and normalized.
    ///   - seed: The run's seed, the same on every rank.
    ///   - shard: This rank.
    ///   - globalBatch: Samples of all ranks together, `B`.
    ///   - shuffle: Whether passes are permuted.
    ///   - secondView: Whether batches carry a second view.
    ///   - workers: Threads that prepare samples.
    /// - Throws: `DataError` where the data cannot be transformed or viewed as asked for.
    public init(
        subset: Subset, pipeline: ImagePipeline, seed: UInt64, shard: Shard, globalBatch: Int,
        shuffle: Bool = true, secondView: Bool = false, workers: Int = 1
    ) throws(DataError) {
        let assembler = try BatchAssembler(
            subset: subset, pipeline: pipeline, seed: seed, secondView: secondView, workers: workers)
        let stream = SampleStream(count: subset.count, seed: seed, shuffle: shuffle)
        let rows = shard.slice(of: globalBatch)
        self.globalBatch = globalBatch
        self.rows = rows
        self.stream = stream
        prefetcher = Prefetcher(count: nil, batchBytes: assembler.bytes(rows.count)) { step in
            let draws = stream.batch(step: step, globalBatch: globalBatch)[rows]
            return Result { () throws(DataError) in try assembler.batch(Array(draws)) }
        }
    }

    /// This rank's share of a step, from 0. Not collective: no rank waits for another.
    ///
    /// - Throws: `DataError` where an image cannot be read.
    public func batch(step: Int) throws(DataError) -> Batch {
        precondition(step >= 0, "step \(step)")
        return try prefetcher.batch(step)
    }
}
