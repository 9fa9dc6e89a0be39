internal import Foundation
import Layers
import Networks
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// DELTA on networks whose feature maps have 8 bits of mantissa.
@Suite struct DELTAPrecisionTests {
    private struct NoSamples: SampleSource {
        let count = 0
        let classCount = 2
        let classNames = ["a", "b"]
        let fingerprint: UInt64 = 1

        func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {}
        func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
            SampleBatch(images: Tensor(repeating: 0, [0, 3, 8, 8]), labels: [], positions: [])
        }
    }

    private func penalty(
        _ network: StagedNetwork, _ delta: DELTA, _ taps: [String], _ mode: BatchNormalizationMode
    ) throws -> (value: Float, tape: Tape, term: Variable) {
        let images = randomTensor([2, 3, 32, 32], seed: 70)
        let tape = Tape()
        let context = ForwardContext(tape: tape, normalization: mode)
        let (features, outputs) = try network.features(Variable(images), context, observing: taps)
        let step = StepInput(
            context: context, images: images, secondView: nil, labels: [0, 1], positions: [0, 1],
            features: features, logits: features, maps: Dictionary(uniqueKeysWithValues: zip(taps, outputs)),
            globalBatch: 2, group: SoloGroup())
        let term = try #require(try delta.penalty(step)).value
        return (term.value.scalar, tape, term)
    }

    /// Stages' last convolutions, one inside a block, and a block, whose map is rounded in both networks alike.
    @Test(arguments: ["resnet18", "mobilenet-v2"])
    func theTermIsZeroBeforeTheFirstUpdate(name: String) throws {
        let specification = try #require(NetworkName(rawValue: name)).specification
        let network = try #require(
            specification.makeBackbone(NetworkOptions(baseWidth: 8, precision: .bfloat16)) as? StagedNetwork)
        network.initialize(seed: 71)
        let taps = network.defaultTaps + [network.layerNames[3]]
        let delta = DELTA(taps: taps, features: .plain, tradeOff: 1, headTradeOff: 1)
        try delta.prepare(
            Preparation(
                backbone: network, weightsDigest: "digest", training: NoSamples(), validation: nil,
                group: SoloGroup(), seed: 1, directory: FileManager.default.temporaryDirectory.path + "/none",
                say: { _ in }))
        #expect(try penalty(network, delta, taps, .frozen).value == 0)
        // Batch statistics are others than the running ones.
        #expect(try penalty(network, delta, taps, .local).value > 0)

        // An update that 8 bits of mantissa can hold shows, and its gradient reaches the weights.
        let weight = network.parameters[0].variable
        weight.assign(weight.value.scaled(by: 1.05))
        let moved = try penalty(network, delta, taps, .frozen)
        #expect(moved.value > 0)
        try moved.tape.backward(from: moved.term)
        let gradient = try #require(weight.gradient)
        #expect(gradient.elementType == .float32 && gradient.squaredNorm > 0)
    }
}
