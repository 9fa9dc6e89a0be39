internal import Foundation
internal import Hosts
internal import Layers
internal import ProcessGroups
internal import Tensors

/// How much the loss rises when one filter of a tap is zeroed, for every filter, on the pretrained network.
///
/// A fresh head is trained on the frozen network's features of the training samples. Then, over some batches,
/// each filter's output is set to zero and what follows its tap is run again. What comes before the tap is
/// computed once a batch, and where pooling alone follows, a filter changes only its own pooled feature: its
/// score is the loss of the old logits plus one column of the head times the change. Filters are spread over
/// the ranks; each rank sees the same batches, and an all-reduce at the end puts the scores together.
struct AttentionComputation {
    /// Passes over the training samples in which the head is trained.
    private static let epochs = 10
    /// The rate falls to a tenth over so many epochs.
    private static let epochsOfDecay = 6.0
    private static let rate = 0.01
    private static let batchSize = 32
    /// Batches over which scores are averaged.
    private static let batchCount = 10

    private let taps: [String]
    private let channelCounts: [Int]
    private let preparation: Preparation
    private let source: any ChannelAblatable
    private let head: Linear

    /// - Throws: `CollectiveFailure` where the network cannot be computed without a filter of a tap.
    init(_ taps: [String], _ channelCounts: [Int], _ preparation: Preparation) throws {
        (self.taps, self.channelCounts, self.preparation) = (taps, channelCounts, preparation)
        source = try preparation.group.agree { try Self.ablatable(preparation.backbone, taps) }
        head = Linear(
            name: "attention-head", inputs: preparation.backbone.featureCount,
            outputs: preparation.training.classCount)
        head.initialize(seed: preparation.seed)
    }

    /// The frozen network, if filters of all taps can be zeroed in it.
    private static func ablatable(
        _ backbone: any Backbone, _ taps: [String]
    ) throws -> any ChannelAblatable {
        guard let source = try backbone.frozen(keeping: taps) as? any ChannelAblatable else {
            throw AttentionError(
                "DELTA's attention zeroes one filter after the other, and this network offers no way to do that; "
                    + "choose method.features: plain, or give method.attention-file",
                exitCode: ExitCode.wrongUse)
        }
        let possible = source.ablatableLayers
        if let other = taps.first(where: { !possible.contains($0) }) {
            throw AttentionError(
                "method.taps: filters of layer '\(other)' cannot be zeroed; choose convolutions within the "
                    + "stages, or method.features: plain", exitCode: ExitCode.wrongUse)
        }
        return source
    }

    /// W_j of each tap.
    ///
    /// - Throws: What the data and the group throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func run() throws -> [String: [Float]] {
        try trainHead()
        let count = min(Self.batchCount, (preparation.training.count + Self.batchSize - 1) / Self.batchSize)
        preparation.say("attention: scores of \(taps.count) feature maps over \(count) batches")
        var increases = channelCounts.map { [Double](repeating: 0, count: $0) }
        for number in 0..<count {
            let batch = try preparation.group.agree {
                try preparation.training.shuffledBatch(
                    number, size: min(Self.batchSize, preparation.training.count))
            }
            try addIncreases(batch, to: &increases)
        }
        for index in increases.indices { try preparation.group.allReduce(&increases[index]) }
        return try Dictionary(
            uniqueKeysWithValues: zip(taps, increases).map { tap, sums in
                (tap, try Self.weights(of: tap, lossIncrease: sums.map { $0 / Double(count) }))
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

    /// Trains the head on features that are computed once: the backbone is truly frozen. They stay on the ranks that
    /// computed them, and a batch is put together when its turn comes.
    private func trainHead() throws {
        let group = preparation.group
        var features = ShardedFeatures(width: preparation.backbone.featureCount)
        var labels: [Int64] = []
        try group.agree {
            try preparation.training.forEachBatch { batch in
                features.add(try source.features(batch.images).dense())
                labels += batch.labels.map(Int64.init)
                group.noteProgress()
            }
        }
        let allLabels = try group.allGather(labels).map { Int($0) }
        try features.number(over: group)
        let momenta = head.parameters.map { Tensor(repeating: 0, $0.shape) }
        for epoch in 0..<Self.epochs {
            var random = KeyedRandom(seed: preparation.seed, purpose: .order, epoch)
            let order = random.permutation(allLabels.count)
            let rate = Self.rate * pow(0.1, Double(epoch) / Self.epochsOfDecay)
            for start in stride(from: 0, to: order.count, by: Self.batchSize) {
                let chosen = Array(order[start..<min(start + Self.batchSize, order.count)])
                try descend(
                    features.rows(chosen, over: group), chosen.map { allLabels[$0] }, momenta, rate: rate)
                group.noteProgress()
            }
        }
        // Every rank has computed the same; this makes it so to the last bit.
        for parameter in head.parameters {
            try parameter.variable.value.withMutableElements { try group.broadcast($0, from: 0) }
            parameter.variable.valueDidChange()
        }
    }

    private func descend(_ features: Tensor, _ labels: [Int], _ momenta: [Tensor], rate: Double) throws {
        let tape = Tape()
        let context = ForwardContext(tape: tape, normalization: .frozen)
        let loss = tape.crossEntropy(
            head(Variable(features), context), labels: labels, divisor: labels.count)
        try tape.backward(from: loss)
        for (parameter, momentum) in zip(head.parameters, momenta) {
            guard let gradient = parameter.variable.gradient else { continue }
            _ = parameter.variable.value.descend(
                gradient: gradient.dense(), momentum: momentum,
                step: MomentumStep(rate: rate, momentum: 0.9, isNesterov: true, weightDecay: 0), penalty: nil)
            parameter.variable.clearGradient()
            parameter.variable.valueDidChange()
        }
    }

    /// Adds what this rank's filters raise the loss of one batch by.
    private func addIncreases(_ batch: SampleBatch, to increases: inout [[Double]]) throws {
        let before = logits(try source.features(batch.images))
        let reference = loss(before, batch.labels)
        let states = try source.states(batch.images, at: taps)
        for (index, tap) in taps.enumerated() {
            guard let state = states[tap] else { continue }
            let mine = stride(
                from: preparation.group.rank, to: increases[index].count, by: preparation.group.size)
            if let changes = source.pooledChanges(state) {
                for channel in mine {
                    increases[index][channel] +=
                        loss(shifted(before, by: changes, channel: channel), batch.labels) - reference
                }
            } else {
                for channel in mine {
                    let changed = try source.tail(from: state, zeroing: channel)
                    increases[index][channel] += loss(logits(changed), batch.labels) - reference
                    preparation.group.noteProgress()
                }
            }
        }
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

    /// Mean cross-entropy in 64 bits.
    private func loss(_ logits: Tensor, _ labels: [Int]) -> Double {
        let classes = logits.shape[1]
        return logits.withElements { values in
            labels.indices.reduce(0.0) { sum, row in
                let scores = (row * classes..<(row + 1) * classes).map { Double(values[$0]) }
                let largest = scores.max() ?? 0
                return sum + largest + log(scores.reduce(0) { $0 + exp($1 - largest) }) - scores[labels[row]]
            } / Double(labels.count)
        }
    }
}
