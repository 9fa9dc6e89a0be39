import Tensors
import Testing

@Suite struct KeyedRandomTests {
    /// Values of a separate implementation, in Python.
    @Test func knownWords() {
        func words(_ random: KeyedRandom) -> [UInt64] {
            var random = random
            return (0..<3).map { _ in random.next() }
        }
        #expect(
            words(KeyedRandom(seed: 0, purpose: .order))
                == [0xd1c0_2706_8798_4b37, 0x40d6_b91d_40fd_ec19, 0xdae1_36e9_149c_a6ce])
        #expect(
            words(KeyedRandom(seed: 0, purpose: .order, 0))
                == [0x693e_586e_6067_663f, 0x49d5_d887_2b6c_77bc, 0x2b40_b8ca_0b3e_7dc8])
        #expect(
            words(KeyedRandom(seed: 7, purpose: .augmentation, 3, 12, 1))
                == [0xa761_5fa3_ad6c_19bd, 0xf125_778e_d446_20a4, 0x2589_e38f_17ab_a72f])
        #expect(
            words(KeyedRandom(seed: .max, purpose: .initialization, -1))
                == [0x5a1d_cdd3_c1a9_902c, 0xc5f4_44e0_44e5_5a81, 0xde8f_867c_3647_e730])
    }

    @Test func knownDraws() {
        var order = KeyedRandom(seed: 0, purpose: .order, 0)
        #expect(order.permutation(10) == [9, 3, 5, 6, 0, 8, 7, 1, 2, 4])
        order = KeyedRandom(seed: 0, purpose: .order, 1)
        #expect(order.permutation(10) == [7, 5, 1, 4, 2, 0, 9, 6, 8, 3])
        var normal = KeyedRandom(seed: 3, purpose: .initialization, 0)
        for expected: Float in [-0.686233187, -0.224494547, 1.27484845] {
            #expect(abs(normal.normal() - expected) <= abs(expected) * 1e-6)
        }
    }

    @Test func everyKeyMatters() {
        var seen: Set<UInt64> = []
        var streams = 0
        for seed: UInt64 in [0, 1, 2, 1 << 63] {
            for purpose in KeyedRandom.Purpose.allCases {
                for keys in [[], [0], [1], [0, 0], [0, 1], [1, 0], [0, 0, 0], [1, 2, 3], [3, 2, 1]] {
                    var random =
                        switch keys.count {
                        case 0: KeyedRandom(seed: seed, purpose: purpose)
                        case 1: KeyedRandom(seed: seed, purpose: purpose, keys[0])
                        case 2: KeyedRandom(seed: seed, purpose: purpose, keys[0], keys[1])
                        default: KeyedRandom(seed: seed, purpose: purpose, keys[0], keys[1], keys[2])
                        }
                    seen.insert(random.next())
                    streams += 1
                }
            }
        }
        #expect(seen.count == streams)
    }

    /// Neighbouring keys, the case that matters: the first word of each stream, bit by bit and in ranges.
    @Test func neighbouringKeysAreUniform() {
        let count = 20_000
        var ones = [Int](repeating: 0, count: 64)
        var cells = [Int](repeating: 0, count: 20)
        for sample in 0..<count {
            var random = KeyedRandom(seed: 1, purpose: .augmentation, 0, sample, 0)
            var copy = random
            let word = random.next()
            for bit in 0..<64 { ones[bit] += Int(word >> bit & 1) }
            cells[copy.integer(below: 20)] += 1
        }
        // Five standard deviations of a fair coin; 43.8 is the 99.9 % point of chi-square, 19 degrees.
        for bit in 0..<64 { #expect(abs(ones[bit] - count / 2) < 354, "bit \(bit)") }
        let chiSquare = cells.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
        #expect(chiSquare < 43.8)
    }

    @Test func uniformStaysInItsRange() {
        var random = KeyedRandom(seed: 5, purpose: .initialization)
        var sum = 0.0
        for _ in 0..<50_000 {
            let value = random.uniform(in: -2..<6)
            #expect(value >= -2 && value < 6)
            sum += Double(value)
        }
        #expect(abs(sum / 50_000 - 2) < 0.05)
        let narrow = Float(1)..<Float(1).nextUp
        for _ in 0..<100 { #expect(random.uniform(in: narrow) == 1) }
    }

    @Test func normalHasItsMoments() {
        var random = KeyedRandom(seed: 6, purpose: .initialization)
        let values = (0..<100_000).map { _ in Double(random.normal()) }
        let count = Double(values.count)
        #expect(abs(values.reduce(0, +) / count) < 0.016)
        #expect(abs(values.reduce(0) { $0 + $1 * $1 } / count - 1) < 0.025)
        #expect(abs(values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count - 3) < 0.2)
        #expect(abs(Double(values.count { abs($0) < 1 }) / count - 0.6827) < 0.008)
    }

    @Test func permutationsAreEquallyLikely() {
        var counts: [[Int]: Int] = [:]
        for pass in 0..<24_000 {
            var random = KeyedRandom(seed: 9, purpose: .order, pass)
            counts[random.permutation(4), default: 0] += 1
        }
        #expect(counts.count == 24)
        for (order, count) in counts { #expect(abs(count - 1000) < 155, "\(order)") }
        var random = KeyedRandom(seed: 9, purpose: .order)
        #expect(random.permutation(0) == [] && random.permutation(1) == [0])
    }
}
