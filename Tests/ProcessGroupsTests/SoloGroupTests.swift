import Hosts
import ProcessGroups
import Testing

@Suite struct SoloGroupTests {
    @Test func collectivesReturnWhatTheRankHas() throws {
        // As callers hold it, so that the extensions are those of the protocol.
        let group: any ProcessGroup = SoloGroup()
        #expect(group.rank == 0)
        #expect(group.size == 1)
        var values: [Float] = [1, 2.5]
        try group.allReduce(&values)
        #expect(values == [1, 2.5])
        try group.broadcast(&values, from: 0)
        #expect(values == [1, 2.5])
        #expect(try group.allReduce(Int64(7)) == 7)
        #expect(try group.allGather(values) == [1, 2.5])
        #expect(try group.allGatherEach(values) == [[1, 2.5]])
        #expect(try group.allGatherEach([UInt8]()) == [[]])
        try group.barrier()
    }

    @Test func failuresAreCollective() throws {
        struct Broken: Error, ExitCodeProviding, CustomStringConvertible {
            let exitCode: Int32 = 74
            let description = "broken"
        }
        let group: any ProcessGroup = SoloGroup()
        let expected = CollectiveFailure(message: "broken", exitCode: 74)
        #expect(throws: expected) { try group.coordinate { () throws -> Void in throw Broken() } }
        #expect(throws: expected) { try group.agree { throw Broken() } }
        #expect(try group.coordinate { [UInt8(1), 2] } == [1, 2])
        #expect(try group.agree { "value" } == "value")
    }
}
