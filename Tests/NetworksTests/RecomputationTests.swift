import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// Networks that compute activations twice instead of keeping them.
@Suite struct RecomputationTests {
    /// Adds nothing, as there is one rank, and counts.
    private final class CountingReducer: StatisticsReducer {
        var count = 0
        func allReduce(_ values: inout [Double]) throws { count += 1 }
        func allReduce(_ values: inout [Double], during work: () throws -> Void) throws {
            count += 1
            try work()
        }
    }

    /// What two steps leave behind.
    private struct Outcome: Equatable {
        var numbers: [[Float]] = []
        var reductions = 0
        var batches: [Int64] = []
        var isEveryGradientComplete = true
    }

    private static func outcome(
        _ example: NetworkCase, recomputing: Bool, _ mode: BatchNormalizationMode, taps: [String],
        precision: ElementType
    ) throws -> (Outcome, recordCount: Int) {
        let network = try #require(example.network() as? StagedNetwork)
        (network.isRecomputed, network.precision) = (recomputing, precision)
        for parameter in network.parameters { parameter.variable.requiresGradient = true }
        let reducer = CountingReducer()
        var outcome = Outcome()
        var recordCount = 0
        for _ in 0..<2 {
            let tape = Tape()
            let context = ForwardContext(tape: tape, normalization: mode, reducer: reducer)
            let (features, maps) = try network.features(
                Variable(example.images()), context, observing: taps)
            let terms = ([features] + maps).enumerated().map { index, output in
                tape.dot(output, randomTensor(output.shape, seed: 700 + UInt64(index), deviation: 0.1))
            }
            let objective = tape.record(
                Tensor(scalar: terms.map(\.value.scalar).reduce(0, +)), from: terms
            ) { gradient in
                for term in terms { term.accumulate(gradient) }
            }
            recordCount = tape.recordCount
            var completed = 0
            try tape.backward(from: objective) { variable in
                if network.parameters.contains(where: { $0.variable === variable }) { completed += 1 }
            }
            outcome.isEveryGradientComplete =
                outcome.isEveryGradientComplete && completed == network.parameters.count
            outcome.numbers += [features.value.elements]
            outcome.numbers += try network.parameters.map { try #require($0.variable.gradient).elements }
            for parameter in network.parameters { parameter.variable.clearGradient() }
        }
        outcome.numbers += network.buffers.tensors.map(\.tensor.elements)
        outcome.batches = network.buffers.counters.map(\.counter.value)
        outcome.reductions = reducer.count
        return (outcome, recordCount)
    }

    @Test(
        arguments: [NetworkCase.resNets[0], NetworkCase.resNets[2], NetworkCase.efficientNets[0]],
        [
            (BatchNormalizationMode.local, ElementType.float32), (.synchronized, .float32),
            (.frozen, .float32), (.local, .bfloat16),
        ])
    func theBitsAreTheSame(
        _ example: NetworkCase, _ setting: (mode: BatchNormalizationMode, precision: ElementType)
    ) throws {
        for taps in [[], example.otherTaps] {
            let (kept, keptCount) = try Self.outcome(
                example, recomputing: false, setting.mode, taps: taps, precision: setting.precision)
            let (recomputed, count) = try Self.outcome(
                example, recomputing: true, setting.mode, taps: taps, precision: setting.precision)
            #expect(kept.isEveryGradientComplete)
            #expect(recomputed == kept)
            #expect(count < keptCount)
        }
    }

    /// Without a gradient nothing is computed twice, and copies know what to do.
    @Test func copiesRecompute() throws {
        let options = NetworkOptions(baseWidth: 8, isRecomputed: true)
        let network = try #require(
            NetworkName.resnet18.specification.makeBackbone(options) as? StagedNetwork)
        let copy = try #require(network.copy() as? StagedNetwork)
        #expect(network.isRecomputed && copy.isRecomputed)
        let tape = Tape()
        let images = Variable(randomTensor([1, 3, 32, 32], seed: 710))
        for parameter in network.parameters { parameter.variable.requiresGradient = false }
        _ = try network.featureMap(images, ForwardContext(tape: tape, normalization: .frozen))
        #expect(tape.recordCount == 0)
    }
}
