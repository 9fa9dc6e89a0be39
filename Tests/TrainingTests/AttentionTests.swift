internal import Foundation
import Layers
import ModelFiles
import Networks
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing
import Training

/// DELTA's attention against its definition: a head trained on the frozen features, then the whole network with
/// one filter after the other set to zero.
@Suite struct AttentionTests {
    private struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let weights: String
        /// Whether a filter is a large part of a map.
        var isNarrow = false
        let backbone: @Sendable () -> any Backbone

        static let all = [
            Example(testDescription: "ResNet-18", weights: "source.safetensors") {
                StagedNetwork.resNet(.resNet18, baseWidth: 8)
            },
            Example(
                testDescription: "EfficientNet-Lite", weights: "source-efficientnet-lite.safetensors",
                isNarrow: true
            ) {
                StagedNetwork.efficientNetLite(.init(width: 0.14, depth: 0.5))
            },
        ]
    }

    private static let seed: UInt64 = 2
    private static let batches = 2

    @Test(arguments: Example.all)
    private func attentionIsWhatTheLossLosesWithoutAFilter(_ example: Example) throws {
        let backbone = example.backbone()
        try backbone.load(try SafetensorsFile(contentsOf: goldenPath(example.weights)))
        let samples = try Samples()
        let source = samples.part(of: SoloGroup())
        let taps = [backbone.defaultTaps[2], try #require(backbone.defaultTaps.last)]
        let found = try ThreadedGroup.run(size: 2) { group in
            let own = example.backbone()
            try own.load(try SafetensorsFile(contentsOf: goldenPath(example.weights)))
            let delta = DELTA(
                taps: taps, features: .attention(file: nil), tradeOff: 1, headTradeOff: 1)
            let folder = try ScratchFolder()
            defer { folder.remove() }
            try delta.prepare(
                Preparation(
                    backbone: own, weightsDigest: "digest", training: samples.part(of: group),
                    validation: nil, group: group, seed: Self.seed, directory: folder.path, say: { _ in }))
            return delta.state
        }
        let head = try Self.trainedHead(backbone, samples)
        // As many batches as the 48 samples are worth.
        let evaluated = try (0..<Self.batches).map { try source.shuffledBatch($0, size: 32) }
        for tap in taps {
            let weight = try #require(
                backbone.parameters.first { $0.name == tap + ".weight" })
            let whole = try evaluated.map { try Self.loss(backbone, head, $0) }
            let original = weight.variable.value.elements
            let filter = weight.count / weight.shape[0]
            let increases = try (0..<weight.shape[0]).map { channel in
                var changed = original
                for index in channel * filter..<(channel + 1) * filter { changed[index] = 0 }
                weight.variable.assign(Tensor(weight.shape, changed))
                return try zip(evaluated, whole).reduce(0.0) { sum, pair in
                    sum + (try Self.loss(backbone, head, pair.0)) - pair.1
                } / Double(evaluated.count)
            }
            weight.variable.assign(Tensor(weight.shape, original))
            let expected = try ChannelAttention.weights(lossIncrease: increases).map(Double.init)
            for state in found {
                let own = try #require(state.first { $0.name == "attention." + tap })
                #expect(mismatch(own.tensor, expected, relative: 1e-2) == nil, "\(tap)")
            }
            // Channels that all counted alike would prove nothing.
            #expect((expected.max() ?? 0) > 1.5 * (expected.min() ?? 0))
        }
    }

    /// A filter's output is linear in its weights, so the derivative by a common factor of them is what the scores
    /// are made of, at any number of ranks.
    @Test(arguments: Example.all)
    private func firstOrderScoresAreDerivativesByFactorsOfTheFilters(_ example: Example) throws {
        let backbone = example.backbone()
        try backbone.load(try SafetensorsFile(contentsOf: goldenPath(example.weights)))
        let samples = try Samples()
        let taps = [backbone.defaultTaps[1], try #require(backbone.defaultTaps.last)]
        let found = try [1, 3].flatMap { size in
            try ThreadedGroup.run(size: size) { group in
                let own = example.backbone()
                try own.load(try SafetensorsFile(contentsOf: goldenPath(example.weights)))
                let delta = DELTA(
                    taps: taps, features: .attention(file: nil, scores: .firstOrder), tradeOff: 1,
                    headTradeOff: 1)
                let folder = try ScratchFolder()
                defer { folder.remove() }
                try delta.prepare(
                    Preparation(
                        backbone: own, weightsDigest: "digest", training: samples.part(of: group),
                        validation: nil, group: group, seed: Self.seed, directory: folder.path, say: { _ in })
                )
                return delta.state
            }
        }
        let head = try Self.trainedHead(backbone, samples)
        let source = samples.part(of: SoloGroup())
        let evaluated = try (0..<Self.batches).map { try source.shuffledBatch($0, size: 32) }
        // A larger step crosses kinks of the activation, a smaller one drowns in the rounding of losses that hardly change.
        let (step, tolerance): (Float, Double) = example.isNarrow ? (0.02, 5e-2) : (0.005, 2e-2)
        for tap in taps {
            let weight = try #require(backbone.parameters.first { $0.name == tap + ".weight" })
            let original = weight.variable.value.elements
            let filter = weight.count / weight.shape[0]
            let increases = try (0..<weight.shape[0]).map { channel in
                let losses = try [1 - step, 1 + step].map { factor in
                    var changed = original
                    for index in channel * filter..<(channel + 1) * filter { changed[index] *= factor }
                    weight.variable.assign(Tensor(weight.shape, changed))
                    return try evaluated.reduce(0.0) { $0 + (try Self.loss(backbone, head, $1)) }
                }
                return (losses[0] - losses[1]) / Double(2 * step) / Double(evaluated.count)
            }
            weight.variable.assign(Tensor(weight.shape, original))
            let expected = try ChannelAttention.weights(lossIncrease: increases).map(Double.init)
            for state in found {
                let own = try #require(state.first { $0.name == "attention." + tap })
                #expect(mismatch(own.tensor, expected, relative: tolerance) == nil, "\(tap)")
            }
            #expect((expected.max() ?? 0) > 1.5 * (expected.min() ?? 0))
        }
    }

    /// Ten passes of plain descent with Nesterov's momentum, written out.
    private static func trainedHead(_ backbone: any Backbone, _ samples: Samples) throws -> Linear {
        let features = try backbone.features(Variable(samples.images), .inference).value
        let head = Linear(name: "attention-head", inputs: backbone.featureCount, outputs: samples.classCount)
        head.initialize(seed: seed)
        var momenta = head.parameters.map { [Double](repeating: 0, count: $0.count) }
        for epoch in 0..<10 {
            var random = KeyedRandom(seed: seed, purpose: .order, epoch)
            let order = random.permutation(samples.labels.count)
            let rate = 0.01 * pow(0.1, Double(epoch) / 6)
            for start in stride(from: 0, to: order.count, by: 32) {
                let chosen = Array(order[start..<min(start + 32, order.count)])
                let rows = chosen.flatMap { features.rows($0..<$0 + 1).elements }
                let tape = Tape()
                let logits = head(
                    Variable(Tensor([chosen.count, backbone.featureCount], rows)),
                    ForwardContext(tape: tape, normalization: .frozen))
                try tape.backward(
                    from: tape.crossEntropy(
                        logits, labels: chosen.map { samples.labels[$0] }, divisor: chosen.count))
                for (index, parameter) in head.parameters.enumerated() {
                    let gradient = try #require(parameter.variable.gradient).elements.map(Double.init)
                    momenta[index] = zip(momenta[index], gradient).map { 0.9 * $0 + $1 }
                    let moved = zip(parameter.variable.value.elements, zip(gradient, momenta[index])).map {
                        Float(Double($0) - rate * ($1.0 + 0.9 * $1.1))
                    }
                    parameter.variable.assign(Tensor(parameter.shape, moved))
                    parameter.variable.clearGradient()
                }
            }
        }
        return head
    }

    private static func loss(
        _ backbone: any Backbone, _ head: Linear, _ batch: SampleBatch
    ) throws -> Double {
        let logits = head(try backbone.features(Variable(batch.images), .inference), .inference)
        let classes = logits.shape[1]
        let values = logits.value.elements.map(Double.init)
        return batch.labels.enumerated().reduce(0.0) { sum, item in
            let scores = values[item.offset * classes..<(item.offset + 1) * classes]
            return sum + log(scores.reduce(0) { $0 + exp($1) }) - values[item.offset * classes + item.element]
        } / Double(batch.labels.count)
    }
}
