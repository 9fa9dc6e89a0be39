import Tensors
import Testing

@Suite struct KeyedRandomTests {
    /// Computed by another program from the definition; a change would change every run.
    @Test func valuesAreFixed() {
        var plain = KeyedRandom(seed: 0, purpose: .order)
        #expect(
            (0..<3).map { _ in plain.next() } == [
                0x8178_2591_61a3_daed, 0x320a_2b7d_1d87_1a48, 0xf9db_efb3_83b0_9e3c,
            ])
        var keyed = KeyedRandom(seed: 42, purpose: .initialization, keys: [7])
        #expect(
            (0..<3).map { _ in keyed.next() } == [
                0x00b8_9b55_f986_2deb, 0x2f14_f65e_7b94_a9be, 0xd4fc_9d90_dbc7_5e34,
            ])
        var twice = KeyedRandom(seed: 42, purpose: .augmentation, keys: [3, 1000])
        #expect(
            (0..<3).map { _ in twice.next() } == [
                0x28bf_ff17_5ac9_b9c1, 0xafb9_8a1c_c75b_8cfa, 0xc807_1d67_08b1_62b4,
            ])
    }

    @Test func drawsAreFixed() {
        var random = KeyedRandom(seed: 42, purpose: .initialization, keys: [7])
        #expect(
            (0..<3).map { _ in random.uniform() } == [
                0.0028168559074401855, 0.18391358852386475, 0.8319795727729797,
            ])
        var normal = KeyedRandom(seed: 42, purpose: .initialization, keys: [7])
        let draws = (0..<2).map { _ in normal.normal() }
        #expect(abs(draws[0] - (0.030300120925093134)) < 1e-6)
        #expect(abs(draws[1] - (0.06872848204568234)) < 1e-6)
    }

    @Test func everyKeyCounts() {
        var streams: [KeyedRandom] = [
            .init(seed: 1, purpose: .order), .init(seed: 2, purpose: .order),
            .init(seed: 1, purpose: .sampling), .init(seed: 1, purpose: .order, keys: [0]),
            .init(seed: 1, purpose: .order, keys: [0, 0]), .init(seed: 1, purpose: .order, keys: [1]),
            .init(seed: 1, purpose: .order, keys: [0, 1]), .init(seed: 1, purpose: .order, keys: [1, 0]),
        ]
        let firsts = streams.indices.map { streams[$0].next() }
        #expect(Set(firsts).count == streams.count)
    }

    @Test func uniformDrawsFillTheInterval() {
        var random = KeyedRandom(seed: 3, purpose: .augmentation)
        let count = 100_000
        var bins = [Int](repeating: 0, count: 20)
        for _ in 0..<count {
            let draw = random.uniform()
            #expect(draw >= 0 && draw < 1)
            bins[Int(draw * 20)] += 1
        }
        let expected = Double(count) / 20
        let chiSquare = bins.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        // 19 degrees of freedom: above 43.8 once in a thousand seeds.
        #expect(chiSquare < 43.8)
    }

    @Test func normalDrawsHaveTheMomentsOfTheNormalDistribution() {
        var random = KeyedRandom(seed: 4, purpose: .initialization)
        let count = 200_000
        let draws = (0..<count).map { _ in Double(random.normal()) }
        let moment = { (power: Int) in
            draws.reduce(0.0) { sum, draw in sum + (0..<power).reduce(1.0) { product, _ in product * draw } }
                / Double(count)
        }
        // Within four standard errors.
        let error = 1 / Double(count).squareRoot()
        #expect(abs(moment(1)) < 4 * error)
        #expect(abs(moment(2) - 1) < 4 * 2.0.squareRoot() * error)
        #expect(abs(moment(3)) < 4 * 15.0.squareRoot() * error)
        #expect(abs(moment(4) - 3) < 4 * 96.0.squareRoot() * error)
        // The two draws of a pair are independent.
        let pairs = stride(from: 0, to: count, by: 2).reduce(0.0) { $0 + draws[$1] * draws[$1 + 1] }
        #expect(abs(pairs / Double(count / 2)) < 4 * 2.0.squareRoot() * error)
        #expect(draws.allSatisfy { $0.isFinite })
    }

    @Test func shufflesWithTheStandardLibrary() {
        var first = KeyedRandom(seed: 5, purpose: .order)
        var second = KeyedRandom(seed: 5, purpose: .order)
        let shuffled = (0..<100).shuffled(using: &first)
        #expect(shuffled == (0..<100).shuffled(using: &second))
        #expect(shuffled.sorted() == Array(0..<100) && shuffled != Array(0..<100))
    }
}
