public import Layers
public import ProcessGroups
public import Tensors

/// What a method can use before the first step.
public struct Preparation {
    /// The backbone at its starting point, equal on all ranks. Its weights move later: freeze what must stay.
    public let backbone: any Backbone
    /// SHA-256 of the weights' file.
    public let weightsDigest: String
    /// A name for each class of the pretrained network; nil where its weights name none.
    public let sourceClassNames: [String]?
    /// The training samples, in their fixed evaluation view.
    public let training: any SampleSource
    /// The validation samples, if there are any.
    public let validation: (any SampleSource)?
    /// The ranks.
    public let group: any ProcessGroup
    /// The run's seed.
    public let seed: UInt64
    /// The folder of the run, for files that the method leaves behind. Rank 0 alone writes.
    public let directory: String
    /// Tells the user a line; does nothing on other ranks than 0.
    public let say: (String) -> Void

    /// A preparation's parts.
    public init(
        backbone: any Backbone, weightsDigest: String, sourceClassNames: [String]? = nil,
        training: any SampleSource, validation: (any SampleSource)?, group: any ProcessGroup, seed: UInt64,
        directory: String,
        say: @escaping (String) -> Void
    ) {
        (self.backbone, self.weightsDigest, self.training) = (backbone, weightsDigest, training)
        self.sourceClassNames = sourceClassNames
        (self.validation, self.group, self.seed) = (validation, group, seed)
        (self.directory, self.say) = (directory, say)
    }
}

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

    /// Calls `body` for the samples of this rank, a contiguous part of all, in batches and in order.
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
