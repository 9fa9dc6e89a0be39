internal import Foundation
internal import Hosts
internal import Layers
internal import ProcessGroups
internal import Tensors

/// The fresh head that DELTA's attention asks: trained on the frozen network's features of the training samples.
enum AttentionHead {
    /// Passes over the training samples.
    private static let epochs = 10
    /// The rate falls to a tenth over so many epochs.
    private static let epochsOfDecay = 6.0
    private static let rate = 0.01
    private static let batchSize = 32

    /// A head trained on features that are computed once: the backbone is truly frozen.
    ///
    /// - Parameters:
    ///   - source: Images to features.
    ///   - preparation: Samples, seed and ranks.
    /// - Throws: What the data and the group throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    static func trained(on source: any FrozenBackbone, _ preparation: Preparation) throws -> Linear {
        let head = Linear(
            name: "attention-head", inputs: source.featureCount, outputs: preparation.training.classCount)
        head.initialize(seed: preparation.seed)
        let group = preparation.group
        // Features stay on the ranks that computed them, and a batch is put together when its turn comes.
        var features = ShardedFeatures(width: source.featureCount)
        var labels: [Int64] = []
        try group.agree {
            try preparation.training.forEachBatch(showing: "attention: recording features", over: group) {
                features.add(try source.features($0.images).dense())
                labels += $0.labels.map(Int64.init)
            }
        }
        let allLabels = try group.allGather(labels).map { Int($0) }
        try features.number(over: group)
        let momenta = head.parameters.map { Tensor(repeating: 0, $0.shape) }
        let meter = WorkMeter("attention: training a head", of: epochs, "epochs")
        for epoch in 0..<epochs {
            var random = KeyedRandom(seed: preparation.seed, purpose: .order, epoch)
            let order = random.permutation(allLabels.count)
            let rate = rate * pow(0.1, Double(epoch) / epochsOfDecay)
            for start in stride(from: 0, to: order.count, by: batchSize) {
                let chosen = Array(order[start..<min(start + batchSize, order.count)])
                try descend(
                    head, features.rows(chosen, over: group), chosen.map { allLabels[$0] }, momenta,
                    rate: rate)
                group.noteProgress()
            }
            meter.advance()
        }
        // Every rank has computed the same; this makes it so to the last bit.
        for parameter in head.parameters {
            try parameter.variable.value.withMutableElements { try group.broadcast($0, from: 0) }
            parameter.variable.valueDidChange()
        }
        return head
    }

    private static func descend(
        _ head: Linear, _ features: Tensor, _ labels: [Int], _ momenta: [Tensor], rate: Double
    ) throws {
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
}
