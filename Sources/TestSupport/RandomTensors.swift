import Tensors

/// A dense tensor of normal draws, the same for the same seed.
public func randomTensor(
    _ shape: Shape, seed: UInt64, mean: Float = 0, deviation: Float = 1
) -> Tensor {
    var random = KeyedRandom(seed: seed, purpose: .initialization, 0x7e57)
    return Tensor(shape, (0..<shape.count).map { _ in mean + deviation * random.normal() })
}

/// A dense tensor of numbers in `±[0.75, 1.25)`, the signs random: none is near a kink at zero.
public func randomTensorAwayFromZero(_ shape: Shape, seed: UInt64) -> Tensor {
    var random = KeyedRandom(seed: seed, purpose: .initialization, 0xafa7)
    return Tensor(
        shape,
        (0..<shape.count).map { _ in
            (random.next() & 1 == 0 ? 1 : -1) * (0.75 + random.uniform(in: 0..<1) / 2)
        })
}

/// A dense tensor of `0, spacing, 2 · spacing, …` in random order: no two are close to each other.
public func shuffledTensor(_ shape: Shape, seed: UInt64, spacing: Float = 0.1) -> Tensor {
    var random = KeyedRandom(seed: seed, purpose: .initialization, 0x5aff)
    return Tensor(shape, (0..<shape.count).map { Float($0) * spacing }.shuffled(using: &random))
}
