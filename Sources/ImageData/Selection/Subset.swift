/// Some samples of a data set, with the labels that training uses for them.
///
/// Selections are made in this order: classes (`training` or `evaluation`), few samples (`sampled`), the
/// validation part (`split`). All of them depend on the seed and the data alone, so every rank makes the
/// same ones. Samples stay in ascending order of their index in the data set.
///
/// A *position* counts the samples of a subset, `0 ..< count`; an *index* counts those of its data set.
public struct Subset: Sendable {
    /// Where the images come from.
    public let dataset: any ImageDataset
    /// Index in the data set of each sample, ascending.
    public let indices: [Int]
    /// Class of each sample, `0 ..< classCount`.
    public let labels: [Int]
    /// Number of classes `K`, the same for training, validation and test.
    public let classCount: Int
    /// A name for each class.
    public let classNames: [String]

    /// Number of samples.
    public var count: Int { indices.count }

    init(
        dataset: any ImageDataset, indices: [Int], labels: [Int], classCount: Int, classNames: [String]
    ) {
        self.dataset = dataset
        self.indices = indices
        self.labels = labels
        self.classCount = classCount
        self.classNames = classNames
    }

    /// The samples at the given positions, which must ascend.
    package func at(_ positions: [Int]) -> Subset {
        Subset(
            dataset: dataset, indices: positions.map { indices[$0] }, labels: positions.map { labels[$0] },
            classCount: classCount, classNames: classNames)
    }

    /// What a list of predictions calls the sample at a position.
    public func identifier(_ position: Int) -> String { dataset.identifier(indices[position]) }

    /// Number of samples of each class.
    public var samplesPerClass: [Int] {
        labels.reduce(into: [Int](repeating: 0, count: classCount)) { counts, label in counts[label] += 1 }
    }

    /// A summary of contents and selection: equal when two ranks, or a run and its continuation, use the same
    /// samples with the same labels. Where files lie and what they are called makes no difference.
    public var fingerprint: UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.add(dataset.fingerprint)
        fingerprint.add([classCount, count])
        fingerprint.add(indices)
        fingerprint.add(labels)
        return fingerprint.value
    }
}
