internal import Foundation
internal import Hosts
internal import Layers
internal import ProcessGroups
internal import Tensors

/// What the loss rises by without a filter: its output is set to zero, and what follows its tap is run again.
///
/// What comes before the tap is computed once a batch, and where pooling alone follows, a filter changes only its
/// own pooled feature: its score is the loss of the old logits plus one column of the head times the change. Small
/// maps are computed for several filters at once. Filters are spread over the ranks, and no rank waits for another.
struct ExactScores: ChannelScores {
    /// Numbers at a tap of all filters that are computed together, at most, where they are more than one. Larger
    /// maps keep the processor busy alone, and take longer together.
    static let numbersTogether = 1 << 18
    /// Filters that are computed together, at most.
    private static let filtersTogether = 16

    private let source: any ChannelAblatable
    private let taps: [String]
    private let head: Linear
    private let group: any ProcessGroup
    private let channelCounts: [Int]

    /// - Parameters:
    ///   - source: The frozen network, with the taps kept.
    ///   - taps: Some of its `ablatableLayers`.
    ///   - channelCounts: Filters of each.
    ///   - head: Its classifier on the task.
    ///   - group: The ranks.
    init(
        _ source: any ChannelAblatable, taps: [String], channelCounts: [Int], head: Linear,
        group: any ProcessGroup
    ) {
        (self.source, self.taps, self.channelCounts) = (source, taps, channelCounts)
        (self.head, self.group) = (head, group)
    }

    /// The frozen network, if filters of all taps can be zeroed in it.
    static func source(_ backbone: any Backbone, _ taps: [String]) throws -> any ChannelAblatable {
        guard let source = try backbone.frozen(keeping: taps) as? any ChannelAblatable else {
            throw AttentionError(
                "DELTA's exact attention zeroes one filter after the other, and this network offers no way to do "
                    + "that; choose method.attention-scores: first-order or method.features: plain, or give "
                    + "method.attention-file",
                exitCode: ExitCode.wrongUse)
        }
        let possible = source.ablatableLayers
        if let other = taps.first(where: { !possible.contains($0) }) {
            throw AttentionError(
                "method.taps: filters of layer '\(other)' cannot be zeroed; choose convolutions within the "
                    + "stages, or method.attention-scores: first-order, or method.features: plain",
                exitCode: ExitCode.wrongUse)
        }
        return source
    }

    /// This rank's filters.
    private func own(_ count: Int) -> [Int] { Array(stride(from: group.rank, to: count, by: group.size)) }

    /// The filters of each tap, and what comes before them.
    var pieces: [Int] { channelCounts.map { own($0).count } + [1] }

    func add(
        _ batch: SampleBatch, to rises: inout [[Double]], didScore: (_ pieces: Int, _ kind: Int) -> Void
    ) throws {
        let before = logits(try source.features(batch.images))
        let reference = Self.losses(before, batch.labels)[0]
        let states = try source.states(batch.images, at: taps)
        didScore(1, taps.count)
        // Some filters of each tap, then the others.
        for isFirst in [true, false] {
            for (index, tap) in taps.enumerated() {
                guard let state = states[tap] else { continue }
                let mine = own(rises[index].count)
                let together = Self.filtersTogether(numbers: state.output.count)
                let part = isFirst ? mine.prefix(together) : mine.dropFirst(together)
                if let changes = source.pooledChanges(state) {
                    for channel in part {
                        let changed = shifted(before, by: changes, channel: channel)
                        rises[index][channel] += Self.losses(changed, batch.labels)[0] - reference
                    }
                    didScore(part.count, index)
                    continue
                }
                for start in stride(from: part.startIndex, to: part.endIndex, by: together) {
                    let channels = Array(part[start..<min(start + together, part.endIndex)])
                    let features = try source.tail(from: state, zeroing: channels)
                    for (channel, loss) in zip(channels, Self.losses(logits(features), batch.labels)) {
                        rises[index][channel] += loss - reference
                    }
                    didScore(channels.count, index)
                    group.noteProgress()
                }
            }
        }
    }

    /// How many filters of a tap are computed together: the same at every number of ranks and threads.
    private static func filtersTogether(numbers: Int) -> Int {
        min(max(numbersTogether / max(numbers, 1), 1), filtersTogether)
    }

    private func logits(_ features: Tensor) -> Tensor { head(Variable(features), .inference).value }

    /// Logits after the pooled feature of one channel changed: `y + column(channel) · change`.
    private func shifted(_ logits: Tensor, by changes: Tensor, channel: Int) -> Tensor {
        let (classes, width) = (logits.shape[1], changes.shape[1])
        return Tensor(logits.shape) { buffer in
            logits.withElements { before in
                changes.withElements { changes in
                    head.weight.variable.value.withElements { weight in
                        for index in before.indices {
                            let (row, column) = (index / classes, index % classes)
                            buffer[index] =
                                before[index] + weight[column * width + channel]
                                * changes[row * width + channel]
                        }
                    }
                }
            }
        }
    }

    /// Mean cross-entropy in 64 bits, of each run of as many rows as there are labels.
    private static func losses(_ logits: Tensor, _ labels: [Int]) -> [Double] {
        let classes = logits.shape[1]
        return logits.withElements { values in
            (0..<logits.shape[0] / labels.count).map { copy in
                labels.indices.reduce(0.0) { sum, row in
                    let start = (copy * labels.count + row) * classes
                    let scores = (start..<start + classes).map { Double(values[$0]) }
                    let largest = scores.max() ?? 0
                    return sum + largest + log(scores.reduce(0) { $0 + exp($1 - largest) })
                        - scores[labels[row]]
                } / Double(labels.count)
            }
        }
    }
}
