internal import Hosts
internal import ImageData
package import Layers
package import ProcessGroups
package import Tensors

/// How many values of a channel batch normalization takes its statistics from where it has the fewest: in the last
/// stage of a network, in the smallest share of a batch.
///
/// Of one value the mean is the value itself and the variance 0: the output is the shift, whatever the input, no
/// gradient passes, and running statistics lead nowhere. Nothing is sent: every rank finds the same.
package struct NormalizationCheck {
    /// The layer whose output is normalized.
    package let layer: String
    /// Samples that are normalized together.
    package let sampleCount: Int
    /// Rows times columns of the layer's output.
    package let positionCount: Int

    /// Values of a channel.
    package var valueCount: Int { sampleCount * positionCount }

    /// Looks at the size of the last stage's output; nil where nothing is normalized by a batch.
    ///
    /// - Parameters:
    ///   - backbone: Computes one black image, in inference mode.
    ///   - imageShape: `[C, H, W]`.
    ///   - mode: Where statistics are taken from.
    ///   - microBatch: Samples of all ranks that are computed together.
    ///   - rankCount: Ranks; the smallest share has ⌊microBatch / rankCount⌋ samples.
    /// - Throws: What the network throws.
    package init?(
        _ backbone: any Backbone, imageShape: Shape, mode: BatchNormalizationMode, microBatch: Int,
        rankCount: Int
    ) throws {
        guard mode != .frozen, !backbone.buffers.tensors.isEmpty, let tap = backbone.stages.last?.tap else {
            return nil
        }
        let image = Tensor(repeating: 0, Shape([1] + imageShape.dimensions))
        let outputs = try backbone.features(Variable(image), .inference, observing: [tap]).outputs
        guard let shape = outputs.first?.shape, shape.rank == 4 else { return nil }
        layer = tap
        sampleCount = mode == .local ? microBatch / rankCount : microBatch
        positionCount = shape[2] * shape[3]
    }

    /// - Throws: `CollectiveFailure` (64) where a channel has a single value.
    package func require() throws(CollectiveFailure) {
        guard valueCount <= 1 else { return }
        throw CollectiveFailure(
            message:
                "\(words), of which nothing can be learned: raise training.global-batch, or lower training.accumulation or the number of ranks, use larger images, or set network.batch-norm: frozen",
            exitCode: ExitCode.wrongUse)
    }

    /// Below so many values the output says more about the other values than about the one.
    private static let enoughValues = 8

    /// What a person should know; nil where there are values enough.
    package var notice: String? {
        guard valueCount < Self.enoughValues else { return nil }
        return
            "\(words), which is noise more than statistics: a larger training.global-batch, larger images or network.batch-norm: frozen avoid that"
    }

    private var words: String {
        "batch normalization behind '\(layer)' has \(valueCount) value\(valueCount == 1 ? "" : "s") a channel, of \(sampleCount) sample\(sampleCount == 1 ? "" : "s") that \(sampleCount == 1 ? "is" : "are") normalized together and \(positionCount) position\(positionCount == 1 ? "" : "s") of the map"
    }
}

extension NormalizationCheck {
    /// The check of a run.
    init?(_ configuration: RunConfiguration, _ backbone: any Backbone, imageShape: Shape, rankCount: Int)
        throws
    {
        try self.init(
            backbone, imageShape: imageShape, mode: configuration.network.batchNorm,
            microBatch: configuration.training.globalBatch / configuration.training.accumulation,
            rankCount: rankCount)
    }
}
