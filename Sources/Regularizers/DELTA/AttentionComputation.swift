internal import Hosts
internal import Layers
internal import ProcessGroups
internal import Tensors

/// How much the loss rises without one filter of a tap, for every filter, on the pretrained network.
///
/// A fresh head is trained on the frozen network's features of the training samples (`AttentionHead`). Then scores
/// are averaged over some batches: by zeroing one filter after the other (`ExactScores`), or to first order
/// (`FirstOrderScores`). Each rank sees the same batches and does a part of the work; an all-reduce at the end puts
/// the scores together.
struct AttentionComputation {
    private static let batchSize = 32
    /// Batches over which scores are averaged.
    private static let batchCount = 10

    let taps: [String]
    /// Filters of each tap.
    let channelCounts: [Int]
    /// How filters are scored.
    let scores: AttentionScores
    let preparation: Preparation

    /// W_j of each tap.
    ///
    /// - Throws: `CollectiveFailure` where the network cannot be computed without a filter of a tap; what the data
    ///   and the group throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func run() throws -> [String: [Float]] {
        let rises = try lossIncreases()
        return try Dictionary(
            uniqueKeysWithValues: zip(taps, rises).map { tap, rises in
                (tap, try Self.weights(of: tap, lossIncrease: rises))
            })
    }

    /// - Throws: `CollectiveFailure` (65): every rank has the same sums.
    private static func weights(of tap: String, lossIncrease: [Double]) throws(CollectiveFailure) -> [Float] {
        do throws(NonFiniteError) {
            return try ChannelAttention.weights(lossIncrease: lossIncrease)
        } catch {
            throw CollectiveFailure(
                message:
                    "attention: the pretrained network's loss without filter \(error.position[0]) of '\(tap)' is not finite: the weights or the samples are damaged, or data.mean and data.std are not those of the weights",
                exitCode: ExitCode.badData)
        }
    }

    /// Δ of each tap: what the loss rises by without each filter.
    ///
    /// - Throws: As `run`.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func lossIncreases() throws -> [[Double]] {
        let size = min(Self.batchSize, preparation.training.count)
        let count = min(Self.batchCount, (preparation.training.count + Self.batchSize - 1) / Self.batchSize)
        var method = try makeScores(batchSize: size)
        preparation.say(
            "attention: \(scores.rawValue) scores of \(channelCounts.reduce(0, +)) filters of \(taps.count) feature "
                + "maps over \(count) batch\(count == 1 ? "" : "es") of \(size)")
        let start = ContinuousClock.now
        var progress = AttentionProgress(
            pieces: method.pieces.map { $0 * count }, advice: advice,
            now: { start.duration(to: .now) / .seconds(1) }, say: preparation.say)
        var rises = channelCounts.map { [Double](repeating: 0, count: $0) }
        for number in 0..<count {
            let batch = try preparation.group.agree {
                try preparation.training.shuffledBatch(number, size: size)
            }
            try method.add(batch, to: &rises) { progress.didScore($0, ofKind: $1) }
        }
        for index in rises.indices { try preparation.group.allReduce(&rises[index]) }
        progress.finish()
        return rises.map { $0.map { $0 / Double(count) } }
    }

    /// The way that was asked for, with a trained head.
    private func makeScores(batchSize: Int) throws -> any ChannelScores {
        switch scores {
        case .exact:
            let source = try preparation.group.agree { try ExactScores.source(preparation.backbone, taps) }
            let head = try AttentionHead.trained(on: source, preparation)
            return ExactScores(
                source, taps: taps, channelCounts: channelCounts, head: head, group: preparation.group)
        case .firstOrder:
            let source = try preparation.group.agree { try preparation.backbone.frozen(keeping: []) }
            let head = try AttentionHead.trained(on: source, preparation)
            return FirstOrderScores(
                preparation.backbone, taps: taps, head: head, batchSize: batchSize,
                group: preparation.group)
        }
    }

    /// What there is to do about a long computation.
    private var advice: String {
        switch scores {
        case .exact:
            "; method.attention-scores: first-order takes a fraction of it, more ranks divide it, and "
                + "method.attention-file uses what another run has computed"
        case .firstOrder: ""
        }
    }
}
