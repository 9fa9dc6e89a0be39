internal import Synchronization
internal import Tensors

/// A sample as a step meets it.
public struct SampleDraw: Sendable, Hashable {
    /// Which of the ordered samples: a position in a subset, where that is what is ordered.
    public let index: Int
    /// How often all samples were seen before.
    public let pass: Int

    /// A draw from its parts.
    public init(index: Int, pass: Int) {
        self.index = index
        self.pass = pass
    }
}

/// The endless order in which training meets its samples, the same on every rank.
///
/// Pass p is the permutation keyed by (seed, p), or the samples in order without shuffling; passes follow each
/// other without a gap. Step s of global batch B takes numbers `s·B … s·B + B − 1` of that sequence, so every
/// batch is full, and a batch may end one pass and begin the next. Where a run stands is one integer, the step.
public final class SampleStream: Sendable {
    /// Number of samples in a pass.
    public let count: Int
    /// Whether passes are permuted.
    public let shuffle: Bool
    /// The run's seed.
    public let seed: UInt64

    private struct Permutation {
        let pass: Int
        let order: [Int]
    }

    /// The permutation used last: steps go forward, so the next one needs it again.
    private let current = Mutex<Permutation?>(nil)

    /// The order of `count` samples.
    public init(count: Int, seed: UInt64, shuffle: Bool) {
        precondition(count > 0, "an order of \(count) samples")
        self.count = count
        self.seed = seed
        self.shuffle = shuffle
    }

    /// The global batch of a step, `globalBatch` draws in the order of their rows.
    ///
    /// Takes time in proportion to the batch, and once in a pass to the number of samples.
    ///
    /// - Parameters:
    ///   - step: Number of the step, from 0.
    ///   - globalBatch: Samples of all ranks together, `B`.
    public func batch(step: Int, globalBatch: Int) -> [SampleDraw] {
        precondition(step >= 0 && globalBatch > 0, "step \(step) of global batch \(globalBatch)")
        let first = step * globalBatch
        return (first..<first + globalBatch).map { number in
            let (pass, place) = number.quotientAndRemainder(dividingBy: count)
            return SampleDraw(index: shuffle ? shuffled(place, pass: pass) : place, pass: pass)
        }
    }

    private func shuffled(_ place: Int, pass: Int) -> Int {
        current.withLock { current in
            if let current, current.pass == pass { return current.order[place] }
            var random = KeyedRandom(seed: seed, purpose: .order, pass)
            let permutation = Permutation(pass: pass, order: random.permutation(count))
            current = permutation
            return permutation.order[place]
        }
    }
}
