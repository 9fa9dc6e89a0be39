internal import Dispatch
internal import Synchronization
import Tensors

/// Makes tensors of samples.
///
/// Samples are written to places of their own, by as many threads as there are workers; who writes what makes
/// no difference to what is written.
struct BatchAssembler: Sendable {
    let subset: Subset
    let transform: ImageTransform
    let seed: UInt64
    let wantsSecondView: Bool
    let workers: Int

    /// Checks that the data can be transformed and viewed as asked for.
    init(
        subset: Subset, transform: ImageTransform, seed: UInt64, secondView: Bool, workers: Int
    ) throws(DataError) {
        let dataset = subset.dataset
        guard workers >= 1 else {
            throw DataError(.setting, path: "", "workers is \(workers); expected 1 or more")
        }
        guard subset.count > 0 else {
            throw DataError(.selection, path: dataset.path, "no samples are left to make batches of")
        }
        guard transform == .identity || dataset.takesTransforms else {
            throw DataError(
                .setting, path: dataset.path,
                "holds prepared images, which are used as they are; set data.train-transform to none and "
                    + "leave horizontal-flip out")
        }
        guard !secondView || dataset.hasSecondView else {
            throw DataError(
                .format, path: dataset.path,
                "has no second view of its images, which this method needs; add \"images_second_view\"")
        }
        self.subset = subset
        self.transform = transform
        self.seed = seed
        wantsSecondView = secondView
        self.workers = workers
    }

    /// The batch of the given samples, in their order.
    func batch(_ draws: [SampleDraw]) throws(DataError) -> Batch {
        Batch(
            images: try images(draws, view: .first),
            secondView: wantsSecondView ? try images(draws, view: .second) : nil,
            labels: draws.map { subset.labels[$0.index] }, indices: draws.map { subset.indices[$0.index] },
            positions: draws.map(\.index))
    }

    private func images(_ draws: [SampleDraw], view: ImageView) throws(DataError) -> Tensor {
        let dataset = subset.dataset
        let shape: Shape = [draws.count, dataset.channels, dataset.height, dataset.width]
        return try Tensor(shape) { buffer throws(DataError) in
            let parts = min(workers, draws.count)
            guard parts > 1 else { return try write(draws, 0..<draws.count, view, to: buffer) }
            // Parts write to rows of their own, so the buffer is never written twice at one place.
            nonisolated(unsafe) let shared = buffer
            let failures = Mutex<[Int: DataError]>([:])
            DispatchQueue.concurrentPerform(iterations: parts) { part in
                do throws(DataError) {
                    try write(draws, Shard(rank: part, size: parts).slice(of: draws.count), view, to: shared)
                } catch {
                    failures.withLock { $0[part] = error }
                }
            }
            // The first sample that fails is reported, whichever thread was faster.
            if let first = failures.withLock({ $0.min { $0.key < $1.key } }) { throw first.value }
        }
    }

    private func write(
        _ draws: [SampleDraw], _ rows: Range<Int>, _ view: ImageView,
        to buffer: UnsafeMutableBufferPointer<Float>
    ) throws(DataError) {
        let pixelCount = subset.dataset.pixelCount
        for row in rows {
            let index = subset.indices[draws[row].index]
            let placement = transform.placement(seed: seed, pass: draws[row].pass, sample: index, view: view)
            let image = UnsafeMutableBufferPointer(
                rebasing: buffer[row * pixelCount..<(row + 1) * pixelCount])
            var pixels = image.mutableSpan
            try subset.dataset.write(index, view: view, placement: placement, into: &pixels)
        }
    }
}
