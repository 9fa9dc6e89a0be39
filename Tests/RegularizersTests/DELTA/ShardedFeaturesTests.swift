import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct ShardedFeaturesTests {
    /// A rank without samples, and one with several batches; any sample can be asked for, also twice.
    @Test func eachRankGivesWhatItKeeps() throws {
        let all = randomTensor([9, 5], seed: 230)
        // Rows of the batches that each rank adds.
        let batches: [[Range<Int>]] = [[0..<2, 2..<6], [], [6..<9]]
        let asked = [8, 0, 3, 3, 6, 5]
        let parts = try ThreadedGroup.run(size: 3) { group in
            var features = ShardedFeatures(width: 5)
            for rows in batches[group.rank] { features.add(all.rows(rows)) }
            try features.number(over: group)
            return try features.rows(asked, over: group)
        }
        for part in parts {
            #expect(part.elements == asked.flatMap { all.rows($0..<$0 + 1).elements })
        }
    }

    @Test func aRankAloneSendsNothing() throws {
        var features = ShardedFeatures(width: 2)
        features.add(Tensor([2, 2], [1, 2, 3, 4]))
        try features.number(over: SoloGroup())
        #expect(try features.rows([1, 0], over: SoloGroup()).elements == [3, 4, 1, 2])
    }
}
