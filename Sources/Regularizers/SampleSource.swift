internal import Hosts
internal import ProcessGroups
public import Tensors

/// Samples without random changes.
public protocol SampleSource {
    /// Number of samples over all ranks.
    var count: Int { get }
    /// Number of classes.
    var classCount: Int { get }
    /// A name for each class.
    var classNames: [String] { get }
    /// A summary of the samples and their labels: equal for equal ones.
    var fingerprint: UInt64 { get }
    /// What is done to the images, in words that change when it does: part of the key of what a method computes
    /// from them and keeps in a file.
    var transform: String { get }

    /// Calls `body` for the samples of this rank, a contiguous shard, in batches and in order.
    ///
    /// Ranks may have different numbers of batches: `body` must do nothing collective.
    func forEachBatch(_ body: (SampleBatch) throws -> Void) throws

    /// A batch of shuffled samples, the same on every rank.
    ///
    /// - Parameters:
    ///   - number: Which batch; the first is 0.
    ///   - size: Samples in it.
    func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch
}

extension SampleSource {
    /// `evaluation`: the fixed view.
    public var transform: String { "evaluation" }

    /// `forEachBatch`, whose progress is shown to the user and noted for the other ranks.
    ///
    /// - Parameters:
    ///   - name: What is done.
    ///   - group: The ranks that share the samples.
    ///   - body: Does it.
    func forEachBatch(
        showing name: String, over group: any ProcessGroup, _ body: (SampleBatch) throws -> Void
    ) throws {
        // The first ranks take one more where the samples cannot be dealt evenly.
        let own = (count + group.size - 1 - group.rank) / group.size
        let meter = WorkMeter(name, of: own, "images")
        try forEachBatch { batch in
            try body(batch)
            group.noteProgress()
            meter.advance(by: batch.labels.count)
        }
    }
}

/// Some samples of a source.
public struct SampleBatch: Sendable {
    /// `[N, 3, H, W]`.
    public let images: Tensor
    /// Class of each sample.
    public let labels: [Int]
    /// Position of each sample in the source.
    public let positions: [Int]

    /// A batch's parts.
    public init(images: Tensor, labels: [Int], positions: [Int]) {
        (self.images, self.labels, self.positions) = (images, labels, positions)
    }
}
