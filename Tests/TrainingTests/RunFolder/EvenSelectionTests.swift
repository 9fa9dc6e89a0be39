import Testing
import Training

@Suite struct EvenSelectionTests {
    @Test(arguments: [0, 1, 2, 3, 7, 64, 65, 100, 12_345], [2, 3, 64]) func positionsAreKnownOneByOne(
        count: Int, limit: Int
    ) {
        let selection = EvenSelection(of: count, atMost: limit)
        let positions = selection.positions
        #expect(positions.count == min(count, limit))
        #expect(positions == Set(positions).sorted())
        #expect(positions.first ?? 0 == 0 && positions.last ?? -1 == count - 1)
        #expect((0..<count).filter(selection.contains) == positions)
        #expect(!selection.contains(count) || count == 0)
    }
}
