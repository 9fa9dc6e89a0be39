/// Gives a rank its part of a subset in order, every sample once over all ranks, preparing ahead.
///
/// Rank r takes a contiguous part of all samples, in batches of at most `batchSize`. Ranks may have different
/// numbers of batches, so nothing collective belongs into a loop over them.
public final class EvaluationLoader: Sendable {
    /// Positions of this rank's samples in the subset.
    public let positions: Range<Int>
    /// Number of this rank's batches; 0 where there are fewer samples than ranks.
    public let batchCount: Int

    private let prefetcher: Prefetcher

    /// A loader of images as they are, without random changes.
    ///
    /// - Parameters:
    ///   - subset: All samples to be evaluated, the same on every rank.
    ///   - batchSize: Samples of a rank in one batch, at most.
    ///   - shard: This rank.
    ///   - workers: Threads that prepare samples.
    /// - Throws: `DataError` where there are no samples.
    public init(subset: Subset, batchSize: Int, shard: Shard, workers: Int = 1) throws(DataError) {
        precondition(batchSize >= 1, "batches of \(batchSize)")
        let assembler = try BatchAssembler(
            subset: subset, transform: .identity, seed: 0, secondView: false, workers: workers)
        let positions = shard.slice(of: subset.count)
        let batchCount = (positions.count + batchSize - 1) / batchSize
        self.positions = positions
        self.batchCount = batchCount
        prefetcher = Prefetcher(count: batchCount) { number in
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
