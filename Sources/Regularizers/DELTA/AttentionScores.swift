/// How it is found what the loss L rises by without a filter whose raw output is a_c.
public enum AttentionScores: String, Sendable, CaseIterable {
    /// `L(a_c = 0) − L`, one filter after the other: as many passes through the layers behind a tap as it has
    /// filters.
    ///
    /// Li, Xiong, Wang, Rao, Liu, Chen and Huan, DELTA: deep learning transfer using feature map with attention for
    /// convolutional networks, ICLR 2019.
    case exact
    /// The same to first order, `−Σ a_c · ∂L/∂a_c` over samples and positions: one backward pass for all filters of
    /// all taps.
    ///
    /// Mozer and Smolensky, Skeletonization: a technique for trimming the fat from a network via relevance
    /// assessment, NIPS 1988; Molchanov, Tyree, Karras, Aila and Kautz, Pruning convolutional neural networks for
    /// resource efficient inference, ICLR 2017.
    case firstOrder = "first-order"
}

/// Scores of the filters of some layers, batch by batch.
protocol ChannelScores {
    /// Pieces of work of one batch on this rank, of each kind: those of a kind take equally long.
    var pieces: [Int] { get }

    /// Adds this rank's share of what the loss of a batch rises by without each filter.
    ///
    /// - Parameters:
    ///   - batch: The same on every rank.
    ///   - rises: By tap and filter.
    ///   - didScore: To be told of pieces of work that were done, and of their kind. Of each kind the first comes
    ///     early, so that the time can be estimated.
    mutating func add(
        _ batch: SampleBatch, to rises: inout [[Double]], didScore: (_ pieces: Int, _ kind: Int) -> Void
    ) throws
}
