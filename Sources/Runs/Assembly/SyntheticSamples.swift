package import ImageData
package import ProcessGroups
package import Regularizers
internal import Tensors

/// Random images for a benchmark: one batch a rank, used again and again.
package struct SyntheticSamples: SampleSource {
    package let classCount: Int
    package let count: Int
    package let fingerprint: UInt64 = 0
    private let images: Tensor
    private let secondView: Tensor
    private let labels: [Int]
    private let positions: [Int]

    package init(batch: Int, imageSize: Int, group: any ProcessGroup) {
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

    package var classNames: [String] { (0..<classCount).map(String.init) }

    /// This rank's batch of a step.
    package var trainingBatch: Batch {
        Batch(
            images: images, secondView: secondView, labels: labels, indices: positions, positions: positions)
    }

    package func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {
        try body(SampleBatch(images: images, labels: labels, positions: positions))
    }

    package func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
        SampleBatch(images: images, labels: labels, positions: positions)
    }
}
