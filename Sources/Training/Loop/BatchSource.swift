public import ImageData

/// This rank's part of the batches of a run.
public protocol BatchSource {
    /// This rank's rows of a global micro-batch; those of all ranks follow each other in order of rank.
    var rows: Range<Int> { get }

    /// This rank's samples of a micro-batch, counted from 0 over the whole run: the same ones whenever asked.
    ///
    /// - Throws: What reading the samples throws.
    func batch(step: Int) throws -> Batch
}

/// This rank's part of samples of which each is evaluated once.
public protocol EvaluationSource {
    /// Number of this rank's batches; may differ between ranks.
    var batchCount: Int { get }

    /// One of this rank's batches, `0 ..< batchCount`.
    ///
    /// - Throws: What reading the samples throws.
    func batch(_ number: Int) throws -> Batch
}

extension BatchLoader: BatchSource {}
extension EvaluationLoader: EvaluationSource {}
