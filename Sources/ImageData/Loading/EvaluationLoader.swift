/// Gives a rank its shard of a subset in order, every sample once over all ranks, preparing ahead.
///
/// Rank r takes a contiguous slice of all samples, in batches of at most `batchSize`. Ranks may have different
/// numbers of batches, so no loop over them may hold a collective call.
public final class EvaluationLoader: Sendable {
    /// Positions of this rank's samples in the subset.
    public let positions: Range<Int>
    /// Number of this rank's batches; 0 where there are fewer samples than ranks.
    public let batchCount: Int

    private let prefetcher: Prefetcher

    /// A loader of batches for evaluation.
    ///
    /// - Parameters:
    ///   - subset: All samples to be evaluated, the same on every rank.
    ///   - pipeline: How images are transformed and normalized; a random transform would draw as in pass 0 of
    ///     seed 0.
    ///   - batchSize: Samples of a rank in one batch, at most.
    ///   - shard: This rank.
    ///   - workers: Threads that prepare samples.
    /// - Throws: `DataError` where there are no samples, or they cannot be transformed as asked for.
    public init(
        subset: Subset, pipeline: ImagePipeline, batchSize: Int, shard: Shard, workers: Int = 1
    ) throws(DataError) {
        precondition(batchSize >= 1, "batches of \(batchSize)")
        let assembler = try BatchAssembler(
            subset: subset, pipeline: pipeline, seed: 0, secondView: false, workers: workers)
        let positions = shard.slice(of: subset.count)
        let batchCount = (positions.count + batchSize - 1) / batchSize
        self.positions = positions
        self.batchCount = batchCount
        prefetcher = Prefetcher(count: batchCount, batchBytes: assembler.bytes(batchSize)) { number in
            let start = positions.lowerBound + number * batchSize
            let draws = (start..<min(start + batchSize, positions.upperBound)).map { position in
                SampleDraw(index: position, pass: 0)
            }
            return Result { () throws(DataError) in try assembler.batch(draws) }
        }
    }

    /// One of this rank's batches, `0 ..< batchCount`.
    ///
    /// - Throws: `DataError` where an image cannot be read.
    public func batch(_ number: Int) throws(DataError) -> Batch {
        precondition(number >= 0 && number < batchCount, "batch \(number) of \(batchCount)")
        return try prefetcher.batch(number)
    }
}
