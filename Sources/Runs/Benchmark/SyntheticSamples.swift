internal import ImageData
internal import ProcessGroups
internal import Regularizers
internal import Tensors

/// Random images for a benchmark: one batch a rank, used again and again.
struct SyntheticSamples: SampleSource {
    /// At most 10.
    let classCount: Int
    /// Samples of all ranks.
    let count: Int
    let fingerprint: UInt64 = 0
    private let images: Tensor
    private let secondView: Tensor
    private let labels: [Int]
    private let positions: [Int]

    /// As many samples a rank as `batch`, keyed by the rank.
    init(batch: Int, imageSize: Int, group: any ProcessGroup) {
        let shape: Shape = [batch, 3, imageSize, imageSize]
        func random(view: Int) -> Tensor {
            var random = KeyedRandom(seed: 0, purpose: .augmentation, group.rank, view)
            return Tensor(shape, (0..<shape.count).map { _ in random.uniform(in: -1..<1) })
        }
        (images, secondView) = (random(view: 0), random(view: 1))
        classCount = min(batch, 10)
        count = batch * group.size
        labels = (0..<batch).map { [classCount] in $0 % classCount }
        positions = (0..<batch).map { group.rank * batch + $0 }
    }

    var classNames: [String] { (0..<classCount).map(String.init) }

    /// This rank's batch of a step.
    var trainingBatch: Batch {
        Batch(
            images: images, secondView: secondView, labels: labels, indices: positions, positions: positions)
    }

    func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {
        try body(SampleBatch(images: images, labels: labels, positions: positions))
    }

    func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
        SampleBatch(images: images, labels: labels, positions: positions)
    }
}
