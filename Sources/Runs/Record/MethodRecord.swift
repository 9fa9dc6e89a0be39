internal import ImageData
internal import Layers
internal import Regularizers
internal import Reports
internal import Tensors
internal import Training

extension BiTuning {
    /// The queues on their principal axes, without entries that no key has taken yet; nil where none has.
    ///
    /// - Throws: `EigenvectorError` where LAPACK fails.
    func plottedQueues() throws -> ReportRecord.Queues? {
        let filled = (0..<queues.classCount).flatMap { label in
            (0..<queues.keyCount(of: label)).map { label * queues.length + $0 }
        }
        let chosen = EvenSelection(of: filled.count, atMost: ReportRecord.Limits.points).positions.map {
            filled[$0]
        }
        guard !chosen.isEmpty else { return nil }
        let labels = chosen.map { $0 / queues.length }
        func points(_ queue: Tensor) throws -> [ReportRecord.PlottedPoint] {
            let rows = DoubleMatrix(
                rowCount: chosen.count, columnCount: queue.shape[1],
                elements: chosen.flatMap { queue.rows($0..<$0 + 1).elements.map(Double.init) })
            return try ReportRecord.PlottedPoint.points(rows, labels: labels)
        }
        return ReportRecord.Queues(features: try points(queues.h), projections: try points(queues.z))
    }
}

extension DELTA {
    /// The attention of each tap without pictures; nil where channels have none.
    var recordedAttention: [ReportRecord.TapAttention]? {
        guard !channelAttention.isEmpty else { return nil }
        return channelAttention.map { tap, weights in
            let descending = weights.sorted(by: >)
            let shown = EvenSelection(of: weights.count, atMost: ReportRecord.Limits.attentionWeights)
            return ReportRecord.TapAttention(
                tap: tap, weights: shown.positions.map { Self.shortened(descending[$0]) }, pictures: [])
        }
    }

    /// About as many digits as there are, which a 64-bit float would write out.
    private static func shortened(_ weight: Float) -> Double { Double("\(weight)") ?? Double(weight) }

    /// Bytes of all heat maps together, about.
    private static let heatBytes = 1 << 20
    /// Bytes of a number with its comma.
    private static let numberBytes = 6

    /// Where each tap looks in some samples: one forward pass of these.
    ///
    /// - Parameters:
    ///   - subset: The samples.
    ///   - positions: Which of them, each once.
    ///   - pipeline: How images are made ready.
    ///   - classifier: The model.
    /// - Returns: For each tap a map for each position, in their order.
    /// - Throws: What reading the images throws.
    func heatMaps(
        _ subset: Subset, _ positions: [Int], _ pipeline: ImagePipeline, _ classifier: Classifier
    ) throws -> [[HeatGrid]] {
        let ascending = positions.sorted()
        let chosen = subset.at(ascending)
        let images = try EvaluationLoader(
            subset: chosen, pipeline: pipeline, batchSize: positions.count, shard: .whole
        ).batch(0).images
        let attention = channelAttention
        let maps = try classifier.backbone.features(
            Variable(images), .inference, observing: attention.map(\.tap)
        ).outputs
        let places = try chosen.indices.map { index -> ViewPlacement in
            guard case .pixels(let source) = subset.dataset.content else { return ViewPlacement.whole }
            return pipeline.placement(in: try source.size(index))
        }
        let cells = Self.heatBytes / (Self.numberBytes * max(1, attention.count * positions.count))
        let side = min(ReportRecord.Limits.heatSide, max(4, Int(Double(cells).squareRoot())))
        return zip(attention, maps).map { tap, map in
            positions.map { position -> HeatGrid in
                let row = ascending.firstIndex(of: position) ?? 0
                return HeatGrid(of: map.value, sample: row, weights: tap.weights).reduced(to: side).scaled
                    .spread(from: places[row], side: side)
            }
        }
    }
}
