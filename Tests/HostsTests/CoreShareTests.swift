import Hosts
import Testing

@Suite struct CoreShareTests {
    private func placement(
        _ host: String, _ cores: [Int], threads: Int = 1, quota: Double? = nil
    ) -> RankPlacement {
        RankPlacement(
            host: host, cores: cores, hostCoreCount: 8, processorQuota: quota, threadCount: threads)
    }

    @Test func ranksOfDifferentHostsShareNothing() {
        let shares = CoreShare.all([placement("a", [0, 1]), placement("b", [0, 1])])
        #expect(shares.map(\.ranks) == [[0], [1]])
        #expect(shares.map(\.host) == ["a", "b"])
    }

    /// The third has a core in common with each of the first two, which have none in common.
    @Test func oneRankJoinsOthers() {
        let shares = CoreShare.all([
            placement("a", [0, 1]), placement("a", [2, 3]), placement("a", [1, 2], threads: 3),
            placement("a", [4]), placement("b", [1]),
        ])
        #expect(shares.map(\.ranks) == [[0, 1, 2], [3], [4]])
        #expect(shares[0].cores == [0, 1, 2, 3])
        #expect(shares[0].threadCount == 5)
        #expect(shares.map(\.isOvercommitted) == [true, false, false])
    }

    @Test func asManyThreadsAsCoresAreNotTooMany() {
        let four = [Int](0..<4)
        func isOvercommitted(_ threads: [Int], quota: Double? = nil) -> [Bool] {
            CoreShare.all(threads.map { placement("a", four, threads: $0, quota: quota) }).map(
                \.isOvercommitted)
        }
        #expect(isOvercommitted([2, 2]) == [false])
        #expect(isOvercommitted([2, 3]) == [true])
        #expect(isOvercommitted([2, 2], quota: 3.5) == [true])
        #expect(isOvercommitted([2, 1], quota: 3.5) == [false])
        #expect(isOvercommitted([2, 2], quota: 64) == [false])
    }
}
