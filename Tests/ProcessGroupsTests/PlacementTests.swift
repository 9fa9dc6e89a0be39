import Hosts
import ProcessGroups
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct PlacementTests {
    @Test(arguments: [1, 2, 3]) func everyRankGetsAllPlacements(size: Int) throws {
        @Sendable func placement(_ rank: Int) -> RankPlacement {
            RankPlacement(
                host: "höst \(rank)", cores: Array(0...rank * 70), hostCoreCount: 256,
                processorQuota: rank == 1 ? nil : 1.5, threadCount: rank + 1)
        }
        let gathered = try ThreadedGroup.run(size: size) { try $0.allGatherPlacements(placement($0.rank)) }
        #expect(gathered.allSatisfy { $0 == (0..<size).map(placement) })
    }
}
