import Comparisons
import Testing

struct ComparisonTableTests {
    /// Methods that are right on the first so many of 50 pictures, and more at later seeds.
    private static func entries(_ counts: [Int], seeds: Int) -> [ComparisonTable.Entry] {
        counts.enumerated().map { number, count in
            ComparisonTable.Entry(
                name: "m\(number)",
                scores: (0..<seeds).map { seed in
                    (0..<50).map { $0 + (seed + number) % 2 < count ? 1.0 : 0.0 }
                })
        }
    }

    @Test func eachMethodIsComparedWithTheBaseline() throws {
        let table = ComparisonTable(
            Self.entries([20, 30, 40], seeds: 5), baseline: 1, allPairs: false, margin: 0.005)
        #expect(table.comparisonCount == 2)
        #expect(table.pairs.map { [$0.first, $0.second] } == [[0, 1], [2, 1]])
        #expect(table.pairs.map { $0.delta < 0 } == [true, false])
        #expect(table.pairs.allSatisfy { $0.difference?.difference == $0.delta })
        let values = table.pairs.map(\.p)
        #expect(table.pairs.map(\.adjusted) == HolmAdjustment.adjusted(values))
        #expect(table.pairs[1].words.hasPrefix("m2 beats m1 by "), "\(table.pairs[1].words)")
        #expect(table.pairs[0].words.hasPrefix("m1 beats m0 by "), "\(table.pairs[0].words)")
    }

    @Test func allPairsAndLooksCount() {
        let entries = Self.entries([20, 30, 40, 41], seeds: 5)
        let table = ComparisonTable(entries, baseline: 1, allPairs: true, margin: 0.005, looks: 2)
        #expect(table.comparisonCount == 12)
        #expect(
            table.pairs.map { [$0.first, $0.second] } == [
                [0, 1], [2, 1], [3, 1], [0, 2], [0, 3], [2, 3],
            ])
        let once = ComparisonTable(entries, baseline: 1, allPairs: true, margin: 0.005)
        for (twice, once) in zip(table.pairs, once.pairs) {
            guard let more = twice.adjusted, let less = once.adjusted else { continue }
            #expect(more >= less && twice.p == once.p)
        }
    }

    @Test func fewSeedsAreMarked() {
        for (seeds, mark) in [(1, true), (2, true), (3, true), (4, true), (5, false)] {
            let table = ComparisonTable(
                Self.entries([20, 40], seeds: seeds), baseline: 0, allPairs: false, margin: 0.005)
            #expect(table.pairs[0].words.hasSuffix("few seeds") == mark)
            #expect((table.pairs[0].difference == nil) == (seeds < 3))
            #expect((table.pairs[0].verdict == .fewSeeds) == (seeds < 3))
            #expect(table.pairs[0].delta > 0.3)
        }
    }
}
