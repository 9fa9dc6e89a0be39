import Foundation
import ProcessGroups
import Runs
import TestSupport
import Testing

/// Which ranks do a run together, and that each run is done once.
@Suite(.timeLimit(.minutes(1))) struct ComparisonGroupsTests {
    @Test func hostsStayTogether() {
        #expect(ComparisonGroups.groups(["a", "a", "b", "b"], count: 2) == [0, 0, 1, 1])
        #expect(ComparisonGroups.groups(["b", "a", "b", "a"], count: 2) == [0, 1, 0, 1])
        #expect(ComparisonGroups.groups(["a", "b", "c", "a"], count: 2) == [0, 1, 1, 0])
        #expect(ComparisonGroups.groups(["a", "a", "a", "a"], count: 4) == [0, 1, 2, 3])
        #expect(ComparisonGroups.groups(["a"], count: 1) == [0])
    }

    @Test(arguments: [(1, 1), (2, 1), (2, 2), (4, 2), (6, 3)])
    func eachPieceIsDoneOnceByAWholeGroup(size: Int, count: Int) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = folder.path
        let done = try ThreadedGroup.run(size: size) { world -> [Int: Int] in
            let groups = try ComparisonGroups(world, ranksPerRun: size / count)
            var own: [Int: Int] = [:]
            // Twice: a second list of work begins anew.
            for _ in 0..<2 {
                try groups.distribute(7, in: path) { piece in
                    own[piece, default: 0] += Int(try groups.own.allReduce(Int32(1)))
                }
            }
            return own
        }
        for piece in 0..<7 {
            // By all ranks of a group, each of which counted all of them, twice.
            let total = done.reduce(0) { $0 + ($1[piece] ?? 0) }
            #expect(total == 2 * (size / count) * (size / count))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [])
    }

    @Test func aFailureOfOneGroupEndsAll() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = folder.path
        let ends = try ThreadedGroup.run(size: 4) { world -> String in
            let groups = try ComparisonGroups(world, ranksPerRun: 2)
            do {
                try groups.distribute(50, in: path) { piece in
                    if piece == 1 { throw CollectiveFailure(message: "out of\nluck", exitCode: 74) }
                    Thread.sleep(forTimeInterval: 0.01)
                }
                return "done"
            } catch let failure as CollectiveFailure {
                return "\(failure.exitCode) \(failure.message)"
            }
        }
        #expect(ends == [String](repeating: "74 out of\nluck", count: 4))
        let claims = try FileManager.default.contentsOfDirectory(atPath: path + "/claims")
        #expect(claims.contains("stop") && claims.count < 50)
    }
}
