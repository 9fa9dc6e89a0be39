import Layers
import Tensors
import TestSupport
import Testing
import Training

@Suite struct StartingWeightsTests {
    private func backbone() -> LinearBackbone {
        let backbone = LinearBackbone()
        backbone.initialize(seed: 3)
        return backbone
    }

    /// One element of the matrix moves by 3 and one by 4; the bias, which is no weight matrix, moves too.
    @Test func aWeightThatMovedIsThatFarOff() throws {
        let backbone = backbone()
        let weight = backbone.projection.weight.variable
        let norm = weight.value.squaredNorm.squareRoot()
        let start = StartingWeights(of: backbone)
        #expect(start.distances().map(\.distance) == [0])
        weight.value.withMutableElements {
            $0[0] += 3
            $0[7] -= 4
        }
        backbone.projection.bias.variable.value.fill(with: 9)
        let moved = start.distances()
        #expect(moved.map(\.name) == ["projection.weight"])
        let distance = try #require(moved.first)
        #expect(abs(distance.distance - 5) < 1e-5 && abs(distance.relative - 5 / norm) < 1e-4)
    }

    /// What a method keeps counts, and a start of zeros has no relative distance.
    @Test func keptCopiesAreUsed() throws {
        let backbone = backbone()
        let zeros = Tensor(repeating: 0, backbone.projection.weight.shape)
        let start = StartingWeights(of: backbone, sharing: ["projection.weight": zeros])
        let distance = try #require(start.distances().first)
        let norm = backbone.projection.weight.variable.value.squaredNorm.squareRoot()
        #expect(abs(distance.distance - norm) < 1e-9 && distance.relative.isNaN)
    }
}
