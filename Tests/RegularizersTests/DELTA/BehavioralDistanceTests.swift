import Regularizers
import Tensors
import TestSupport
import Testing

/// Behavioral regularization on lists of maps, without a network and its taps.
@Suite struct BehavioralDistanceTests {
    @Test(arguments: ["delta-feature-map", "delta-attention-feature-map"])
    func agreesWithTheReference(name: String) throws {
        let golden = try GoldenCase(name)
        let layers = ["layer0", "layer1"]
        let maps = try layers.map { Variable(try golden.input("target." + $0), requiresGradient: true) }
        let attention =
            name == "delta-feature-map"
            ? nil : try layers.map { try golden.input("attention." + $0).elements }
        let tape = Tape()
        let value = tape.behavioralDistance(
            maps, from: try layers.map { try golden.input("source." + $0) }, attention: attention)
        try tape.backward(from: value)
        #expect(try golden.mismatch(value.value, "output.value") == nil)
        for (layer, map) in zip(layers, maps) {
            #expect(try golden.mismatch(map.gradient, "gradient.target." + layer) == nil)
        }
    }

    /// A feature map, features behind pooling, and tokens `[N, C, P]`, in one list.
    @Test(arguments: [false, true]) func mapsOfAnyShapeHaveGradients(withAttention: Bool) throws {
        let shapes: [Shape] = [[2, 3, 2, 2], [2, 4], [2, 3, 5]]
        let maps = shapes.enumerated().map { randomTensor($1, seed: UInt64(180 + $0)) }
        let sources = shapes.enumerated().map { randomTensor($1, seed: UInt64(190 + $0)) }
        let attention: [[Float]] = [[0.2, 0.5, 0.3], [0.1, 0.2, 0.3, 0.4], [0.6, 0, 0.4]]
        #expect(
            try gradientMismatch(["map": maps[0], "features": maps[1], "tokens": maps[2]]) {
                $0.behavioralDistance($1, from: sources, attention: withAttention ? attention : nil)
            } == nil)
    }

    @Test func featuresHaveOnePositionAChannel() {
        let (x, reference) = (Tensor([1, 2], [1, 3]), Tensor([1, 2], [0, 1]))
        #expect(Tape().behavioralDistance([Variable(x)], from: [reference]).value.scalar == 2.5)
        let weighted = Tape().behavioralDistance(
            [Variable(x)], from: [reference], attention: [[0.25, 0.75]])
        // ½ · C · (0.25 · 1 + 0.75 · 4)
        #expect(weighted.value.scalar == 3.25)
    }

    @Test func listsOfOtherLengthsTrap() async {
        await #expect(processExitsWith: .failure) {
            _ = Tape().behavioralDistance([Variable(Tensor([1, 1], [0]))], from: [])
        }
    }
}
