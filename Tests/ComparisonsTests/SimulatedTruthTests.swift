import Comparisons
import Foundation
import Testing

/// Outcomes of methods whose truth is known: right or not, by seeds and pictures that are drawn by chance.
private struct Simulation {
    private var state: UInt64
    let (seeds, pictures): (Int, Int)
    /// Standard deviation of a seed's accuracy, and of a picture's for one method.
    let (seedNoise, pictureNoise): (Double, Double)

    init(
        seed: UInt64, seeds: Int, pictures: Int, seedNoise: Double = 0.01, pictureNoise: Double = 0.15
    ) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        (self.seeds, self.pictures) = (seeds, pictures)
        (self.seedNoise, self.pictureNoise) = (seedNoise, pictureNoise)
    }

    private mutating func uniform() -> Double {
        // xorshift64*
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Double((state &* 0x2545_F491_4F6C_DD1D) >> 11) / 9_007_199_254_740_992
    }

    /// A normal number, near enough: the sum of 12 uniform ones.
    private mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += uniform() }
        return sum
    }

    /// What each method got right, `[method][seed][picture]`; method k is right more often by `shift[k]`.
    mutating func outcomes(_ shifts: [Double]) -> [[[Double]]] {
        let difficulty = (0..<pictures).map { _ in 0.5 + 0.3 * uniform() }
        return shifts.map { shift in
            let own = difficulty.map { $0 + pictureNoise * normal() + shift }
            return (0..<seeds).map { _ in
                let level = seedNoise * normal()
                return own.map { uniform() < $0 + level ? 1.0 : 0.0 }
            }
        }
    }
}

private func difference(_ a: [[Double]], _ b: [[Double]]) -> PairedDifference {
    PairedDifference(zip(a, b).map { zip($0, $1).map { $0 - $1 } })
}

/// A paired t test over the seeds alone: what many reports do.
private func tTestCalls(_ a: [[Double]], _ b: [[Double]], critical: Double) -> Bool {
    let means = zip(a, b).map { first, second -> Double in
        let differences = zip(first, second).map { $0 - $1 }
        return differences.reduce(0, +) / Double(differences.count)
    }
    let count = Double(means.count)
    let mean = means.reduce(0, +) / count
    let squares = means.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
    let variance = squares / (count - 1)
    return abs(mean) > critical * (variance / count).squareRoot()
}

struct SimulatedTruthTests {
    private static let rounds = 1000

    @Test(arguments: [(3, 4.302652729749), (5, 2.776445105198), (10, 2.262157162798)], [300, 2000])
    func equalMethodsAreRarelyCalledDifferent(_ seeds: (Int, Double), pictures: Int) {
        var simulation = Simulation(
            seed: UInt64(seeds.0 * pictures), seeds: seeds.0, pictures: pictures)
        var (calls, calledByTTest) = (0, 0)
        for _ in 0..<Self.rounds {
            let outcomes = simulation.outcomes([0, 0])
            let paired = difference(outcomes[0], outcomes[1])
            if abs(paired.difference) > paired.criticalValue(0.05) * paired.standardError { calls += 1 }
            if tTestCalls(outcomes[0], outcomes[1], critical: seeds.1) { calledByTTest += 1 }
        }
        print(
            "\(seeds.0) seeds, \(pictures) pictures: \(calls) of 1000, t test over seeds \(calledByTTest)"
        )
        #expect(calls <= 70)
        // Pictures are drawn by chance too, which the t test over seeds does not know.
        #expect(calledByTTest > calls)
    }

    @Test func aTableOfSixRarelyHasAFalseWinner() {
        var simulation = Simulation(seed: 6, seeds: 5, pictures: 300)
        var tables = 0
        for _ in 0..<Self.rounds {
            let outcomes = simulation.outcomes([0, 0, 0, 0, 0, 0])
            let values = outcomes.dropFirst().map { difference($0, outcomes[0]).pValue }
            if HolmAdjustment.adjusted(values).contains(where: { ($0 ?? 1) < 0.05 }) { tables += 1 }
        }
        print("tables with a false winner: \(tables) of 1000")
        #expect(tables <= 70)
    }

    /// Two standard deviations of a seed's paired difference.
    @Test func aRealDifferenceIsFound() {
        var simulation = Simulation(
            seed: 2, seeds: 5, pictures: 2000, seedNoise: 0.02, pictureNoise: 0.05)
        let deviation = 0.02 * 2.0.squareRoot()
        var found = 0
        for _ in 0..<Self.rounds {
            let outcomes = simulation.outcomes([2 * deviation, 0])
            let paired = difference(outcomes[0], outcomes[1])
            if let p = paired.pValue, p < 0.05, paired.difference > 0 { found += 1 }
        }
        print("found: \(found) of 1000")
        #expect(found >= 850)
    }
}
