internal import Dispatch
internal import Hosts
internal import Synchronization
internal import Tensors

/// Makes batches: decodes, transforms and normalizes samples, and collates them into `[N, C, H, W]`.
///
/// Samples are written to places of their own, by as many threads as there are workers; who writes what makes
/// no difference to what is written.
final class BatchAssembler: Sendable {
    private let subset: Subset
    private let pipeline: ImagePipeline
    private let seed: UInt64
    private let wantsSecondView: Bool
    private let workers: Int
    /// `[C, H, W]` of every image of a batch.
    private let imageShape: Shape
    private let normalizer: PixelNormalizer
    /// Buffers that no worker holds: as many as have ever worked at once.
    private let buffers = Mutex<[PixelBuffers]>([])

    /// Where a worker decodes and transforms one image after the other.
    private struct PixelBuffers {
        var image = PixelImage()
        var scratch = TransformScratch()
    }

    /// Checks that the data can be transformed and viewed as asked for.
    init(
        subset: Subset, pipeline: ImagePipeline, seed: UInt64, secondView: Bool, workers: Int
    ) throws(DataError) {
        let dataset = subset.dataset
        guard workers >= 1 else {
            throw DataError(.setting, path: "", "workers is \(workers); expected 1 or more")
        }
        guard subset.count > 0 else {
            throw DataError(.selection, path: dataset.path, "no samples are left to make batches of")
        }
        imageShape = try pipeline.outputShape(of: dataset)
        guard !secondView || dataset.content.hasSecondView else {
            throw DataError(
                .format, path: dataset.path,
                "has no second view of its images, which this method needs; add \"images_second_view\"")
        }
        (self.subset, self.pipeline, self.seed) = (subset, pipeline, seed)
        wantsSecondView = secondView
        self.workers = workers
        normalizer = PixelNormalizer(pipeline.normalization)
    }

    /// Bytes of the images of a batch of so many samples.
    func bytes(_ count: Int) -> Int {
        count * imageShape.count * MemoryLayout<Float>.size * (wantsSecondView ? 2 : 1)
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
        try Tensor(Shape([draws.count] + imageShape.dimensions)) { buffer throws(DataError) in
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
        let count = imageShape.count
        var pixels = buffers.withLock { $0.popLast() } ?? PixelBuffers()
        defer { buffers.withLock { $0.append(pixels) } }
        for row in rows {
            let image = UnsafeMutableBufferPointer(rebasing: buffer[row * count..<(row + 1) * count])
            var values = image.mutableSpan
            try write(draws[row], view, to: &values, by: &pixels)
            WorkProgress.note()
        }
    }

    private func write(
        _ draw: SampleDraw, _ view: ImageView, to values: inout MutableSpan<Float>,
        by pixels: inout PixelBuffers
    ) throws(DataError) {
        let (dataset, index) = (subset.dataset, subset.indices[draw.index])
        switch dataset.content {
        case .prepared(let images): images.copy(index, view, into: &values)
        case .pixels(let source):
            try pipeline.pixels(
                of: source, index, into: &pixels.image, scratch: &pixels.scratch,
                key: AugmentationKey(seed: seed, pass: draw.pass, sample: index, view: view))
            let size = pixels.image.size
            guard size.height == imageShape[1], size.width == imageShape[2] else {
                throw DataError(
                    .format, path: dataset.path,
                    "image \(dataset.identifier(index)) is \(size) pixels after the transform; expected "
                        + "\(imageShape[1]) × \(imageShape[2])")
            }
            normalizer.write(pixels.image, to: &values)
        }
    }
}
