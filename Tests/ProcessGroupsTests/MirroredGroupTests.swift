import ProcessGroups
import Testing

/// The group of copies of one rank.
@Suite struct MirroredGroupTests {
    @Test(arguments: [1, 2, 3, 16])
    func everyRankIsACopy(size: Int) throws {
        let group = MirroredGroup(size: size)
        var values = [1.5, -2]
        try group.allReduce(&values)
        #expect(values == [1.5 * Double(size), -2 * Double(size)])
        #expect(group.allGather([Int64(3), 4]) == (0..<size).flatMap { _ in [3, 4] as [Int64] })
        #expect(try group.allReduce(UInt8(200)) == UInt8(truncatingIfNeeded: 200 * size))
        #expect(try group.coordinate { [7] } == [7])
        #expect(try group.agree { 5 } == 5)
    }

    @Test func bucketsAreSummedAtOnce() throws {
        let group = MirroredGroup(size: 3)
        let reductions = group.makeBackgroundAllReduces(
            count: 1, capacity: 4, format: .float32, topology: .auto
        ).reductions
        var values: [Float] = [1, 2]
        try values.withUnsafeMutableBufferPointer {
            try reductions[0].begin($0)
            #expect(try reductions[0].advance())
        }
        #expect(values == [3, 6] && reductions.count > 1000)
    }

    @Test func callsAreTold() throws {
        let group = MirroredGroup(size: 2)
        var calls: [MirroredCall] = []
        var endings = 0
        group.observer = (before: { calls.append($0) }, after: { endings += 1 })
        var values = [1.0, 2]
        try group.allReduce(&values)
        try group.allReduce(&values) { calls.append(.broadcast(bytes: -1)) }
        _ = group.allGather([Float(1)])
        group.waiting(for: "all") {}
        #expect(
            calls == [
                .sum(bytes: 16), .sumBegun(bytes: 16), .broadcast(bytes: -1), .sumAwaited, .gather(bytes: 4),
                .awaited,
            ])
        #expect(endings == 5)
    }

    @Test func theSystemSendsToItself() throws {
        let costs = try #require(LoopbackCosts.measure())
        #expect(costs.messageSeconds > 0 && costs.messageSeconds < 1)
        #expect(costs.byteSeconds >= 0 && costs.byteSeconds < 1e-3)
    }
}
