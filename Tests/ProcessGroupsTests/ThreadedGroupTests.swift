import Hosts
import ProcessGroups
import TestSupport
import Testing

private struct Broken: Error, Equatable, ExitCodeProviding, CustomStringConvertible {
    let rank: Int
    var exitCode: Int32 { 65 }
    var description: String { "broken" }
}

@Suite(.timeLimit(.minutes(1))) struct ThreadedGroupTests {
    static let sizes = [1, 2, 3, 5]

    @Test(arguments: sizes) func ranksAreInOrder(_ size: Int) throws {
        let seen = try ThreadedGroup.run(size: size) { group in [group.rank, group.size] }
        #expect(seen == (0..<size).map { [$0, size] })
    }

    @Test(arguments: sizes) func allReducesInRankOrder(_ size: Int) throws {
        // Of magnitudes that make the order of additions visible.
        let summands: [Float] = [1e8, 1, -1e8, 3.1, 1e-3]
        let sums = try ThreadedGroup.run(size: size) { group in
            var values = [summands[group.rank], Float(group.rank)]
            try group.allReduce(&values)
            return values
        }
        let expected = summands[1..<size].reduce(summands[0], +)
        for sum in sums {
            #expect(sum == [expected, Float(size * (size - 1) / 2)])
        }
    }

    @Test(arguments: sizes) func overflowWrapsAround(_ size: Int) throws {
        let sums = try ThreadedGroup.run(size: size) { try $0.allReduce(UInt8(200)) }
        #expect(sums.allSatisfy { $0 == UInt8(truncatingIfNeeded: 200 * size) })
    }

    @Test(arguments: sizes) func broadcastsFromEveryRoot(_ size: Int) throws {
        for root in 0..<size {
            let received = try ThreadedGroup.run(size: size) { group in
                var values = [Int32](repeating: Int32(group.rank), count: group.rank * 2)
                try group.broadcast(&values, from: root)
                return values
            }
            #expect(received.allSatisfy { $0 == [Int32](repeating: Int32(root), count: root * 2) })
        }
    }

    @Test(arguments: sizes) func duplicatesMeetApart(_ size: Int) throws {
        let sums = try ThreadedGroup.run(size: size) { group in
            let first = try group.duplicate()
            let second = try group.duplicate()
            let own = try first.allReduce(Int32(1))
            return [own, try second.allReduce(Int32(2)), try group.allReduce(Int32(3))]
        }
        #expect(sums.allSatisfy { $0 == [1, 2, 3].map { $0 * Int32(size) } })
    }

    @Test(arguments: sizes) func partsMeetApart(_ size: Int) throws {
        let seen = try ThreadedGroup.run(size: size) { group in
            let part = try group.split(color: group.rank % 2)
            // Parts of different length, each with a course of its own.
            var sum: Int32 = 0
            for _ in 0...group.rank % 2 { sum += try part.allReduce(Int32(group.rank)) }
            return [part.rank, part.size, Int(sum), Int(try group.allReduce(Int32(1)))]
        }
        for (rank, values) in seen.enumerated() {
            let members = (0..<size).filter { $0 % 2 == rank % 2 }
            let sum = members.reduce(0, +) * (rank % 2 + 1)
            #expect(values == [rank / 2, members.count, sum, size])
        }
    }

    /// The default of the protocol: a group without non-blocking collectives has a blocking all-reduce.
    @Test(arguments: sizes) func backgroundAllReducesAreApart(_ size: Int) throws {
        // 1 + 2⁻⁸ has one bit more than travels in 16 bits: each contribution is rounded to 1. A rank alone sends nothing.
        let value: Float = 1 + 0x1p-8
        let sums = try ThreadedGroup.run(size: size) { group in
            let exact = try group.makeBackgroundAllReduce(capacity: 2)
            let rounded = try group.makeBackgroundAllReduce(capacity: 2, format: .bfloat16)
            return try [exact, rounded].map { reduction in
                var values = [value, Float(group.rank)]
                try values.withUnsafeMutableBufferPointer { try reduction.begin($0) }
                try group.barrier()
                return try reduction.advance() ? values : []
            }
        }
        let ranks = Float(size * (size - 1) / 2)
        for sum in sums {
            #expect(sum == [[value * Float(size), ranks], [size == 1 ? value : Float(size), ranks]])
        }
    }

    @Test func aRankThatEndsLeavesDuplicates() throws {
        #expect(throws: ThreadedGroupError.ended(rank: 1, call: "barrier")) {
            try ThreadedGroup.run(size: 2) { group in
                let copy = try group.duplicate()
                if group.rank == 0 { try copy.barrier() }
            }
        }
    }

    @Test(arguments: sizes) func allGathersUnevenCounts(_ size: Int) throws {
        let expected = (0..<size).map { [Double](repeating: Double($0), count: $0) }
        let gathered = try ThreadedGroup.run(size: size) { group in
            let own = [Double](repeating: Double(group.rank), count: group.rank)
            return (try group.allGather(own), try group.allGatherEach(own))
        }
        for (all, each) in gathered {
            #expect(all == expected.flatMap { $0 })
            #expect(each == expected)
        }
    }

    @Test func manyRoundsDoNotMix() throws {
        let outcomes = try ThreadedGroup.run(size: 4) { group in
            try (0..<500).allSatisfy { round in
                if round.isMultiple(of: 3) { try group.barrier() }
                return try group.allReduce(Int32(round * group.rank)) == Int32(round * 6)
            }
        }
        #expect(outcomes == [true, true, true, true])
    }

    @Test func sharedFailuresAreTheSameOnEveryRank() throws {
        let failures = try ThreadedGroup.run(size: 3) { group -> [CollectiveFailure] in
            var failures: [CollectiveFailure] = []
            do {
                try group.coordinate { () throws -> Void in throw Broken(rank: group.rank) }
            } catch let failure as CollectiveFailure { failures.append(failure) }
            do {
                try group.agree { if group.rank != 1 { throw Broken(rank: group.rank) } }
            } catch let failure as CollectiveFailure { failures.append(failure) }
            return failures
        }
        let expected = [
            CollectiveFailure(message: "broken", exitCode: 65),
            CollectiveFailure(message: "ranks 0, 2 on host \(HostName.current): broken", exitCode: 65),
        ]
        #expect(failures == [expected, expected, expected])
    }

    @Test func aRankThatThrowsReleasesTheOthers() {
        #expect(throws: Broken(rank: 1)) {
            try ThreadedGroup.run(size: 3) { group in
                if group.rank == 1 { throw Broken(rank: 1) }
                try group.barrier()
            }
        }
    }

    @Test func aRankThatReturnsReleasesTheOthers() {
        #expect(throws: ThreadedGroupError.ended(rank: 2, call: "barrier")) {
            try ThreadedGroup.run(size: 3) { group in
                if group.rank < 2 { try group.barrier() }
            }
        }
    }

    @Test func differentCallsThrowOnEveryRank() {
        let calls = ["all-reduce of 1 Float", "all-reduce of 2 Float"]
        #expect(throws: ThreadedGroupError.mismatch(calls: calls)) {
            try ThreadedGroup.run(size: 2) { group in
                var values = [Float](repeating: 1, count: group.rank + 1)
                try group.allReduce(&values)
            }
        }
    }
}
