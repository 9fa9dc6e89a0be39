internal import Foundation
import Hosts
import Layers
import Networks
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// Which layers DELTA can compare, and with which its attention can be computed.
@Suite struct DELTATapTests {
    /// A network that can be frozen, but not without one filter.
    private final class PlainBackbone: Backbone {
        private let network = StagedNetwork.resNet(.resNet18, baseWidth: 8, stem: .small)

        var featureCount: Int { network.featureCount }
        var headName: String { network.headName }
        var parameters: [Parameter] { network.parameters }
        var buffers: [Buffer] { network.buffers }
        var layerNames: [String] { network.layerNames }

        func initialize(seed: UInt64) { network.initialize(seed: seed) }

        func features(_ images: Variable, _ context: ForwardContext) throws -> Variable {
            try network.features(images, context)
        }

        func copy() -> any Backbone {
            let copy = PlainBackbone()
            copy.assign(from: self)
            return copy
        }
    }

    private struct NoSamples: SampleSource {
        let count = 0
        let classCount = 2
        let classNames = ["a", "b"]
        let fingerprint: UInt64 = 1
        let transform = "evaluation"

        func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {}
        func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
            SampleBatch(images: Tensor(repeating: 0, [0, 3, 8, 8]), labels: [], positions: [])
        }
    }

    private func prepare(_ backbone: any Backbone, _ taps: [String], _ features: DELTA.Features) throws
        -> DELTA
    {
        let delta = DELTA(taps: taps, features: features, tradeOff: 1, headTradeOff: 1)
        try delta.prepare(
            Preparation(
                backbone: backbone, weightsDigest: "digest", training: NoSamples(), validation: nil,
                group: SoloGroup(), seed: 1, directory: FileManager.default.temporaryDirectory.path + "/none",
                say: { _ in }))
        return delta
    }

    private func step(_ backbone: any Backbone, _ taps: [String], _ images: Tensor) throws -> StepInput {
        let context = ForwardContext(tape: Tape(), normalization: .frozen)
        let (features, outputs) = try backbone.features(Variable(images), context, observing: taps)
        return StepInput(
            context: context, images: images, secondView: nil, labels: [0, 1], positions: [0, 1],
            features: features, logits: features, maps: Dictionary(uniqueKeysWithValues: zip(taps, outputs)),
            globalBatch: 2, group: SoloGroup())
    }

    /// Convolutions, blocks and stages, of a network that folds its normalization and of one that does not.
    @Test(arguments: [true, false]) func anyLayerCanBeCompared(isStaged: Bool) throws {
        let backbone: any Backbone =
            isStaged ? StagedNetwork.resNet(.resNet18, baseWidth: 8, stem: .small) : PlainBackbone()
        backbone.initialize(seed: 1)
        let taps = ["layer2", "conv1", "layer1.1", "layer3.0.conv1"]
        let delta = try prepare(backbone, taps, .plain)
        #expect(delta.needs.taps == taps)
        let images = randomTensor([2, 3, 16, 16], seed: 2)
        let before = try #require(try delta.penalty(step(backbone, taps, images))).value.value.scalar
        // The frozen copy differs by rounding alone.
        let maps = try backbone.features(Variable(images), .inference, observing: taps).outputs
        let size = maps.reduce(0.0) { $0 + $1.value.squaredNorm }
        #expect(before >= 0 && Double(before) < 1e-8 * size)
        let weight = try #require(backbone.parameters.first { $0.name == "layer3.0.conv1.weight" }).variable
        weight.assign(Tensor(weight.shape, weight.value.elements.map { 1.5 * $0 }))
        let after = try #require(try delta.penalty(step(backbone, taps, images))).value.value.scalar
        let expected = 0.5 * 0.25 * maps[3].value.squaredNorm
        #expect(mismatch([Double(after)], [expected], relative: 1e-3) == nil)
    }

    @Test func whatCannotBeComparedIsWrongUse() throws {
        let staged = StagedNetwork.resNet(.resNet18, baseWidth: 8, stem: .small)
        let cases: [(any Backbone, [String], DELTA.Features, String)] = [
            (
                staged, ["layer4.1.conv2", "layer4.1.conv3"], .plain,
                "no layer of the network is named 'layer4.1.conv3'"
            ),
            (staged, ["layer4"], .attention(file: nil), "layer 'layer4' has no filters of its own"),
            (staged, ["conv1"], .attention(file: nil), "filters of layer 'conv1' cannot be zeroed"),
            (
                PlainBackbone(), ["layer4.1.conv2"], .attention(file: nil),
                "this network offers no way to do that"
            ),
        ]
        for (backbone, taps, features, message) in cases {
            let error = try #require(throws: CollectiveFailure.self) { try prepare(backbone, taps, features) }
            #expect(error.exitCode == ExitCode.wrongUse && error.message.contains(message), "\(error)")
        }
    }
}
