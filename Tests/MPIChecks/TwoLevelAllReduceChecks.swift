import Foundation
import ProcessGroups

/// The group as if so many ranks, one after the other, were on a host of their own.
private func divided(_ checker: Checker, _ ranksPerHost: Int?) throws -> any ProcessGroup {
    let group = try checker.group.duplicate()
    (group as? MPIGroup)?.ranksPerHost = ranksPerHost
    return group
}

/// Ranks of each host, in order.
private func hosts(_ ranks: Int, _ ranksPerHost: Int) -> [Range<Int>] {
    stride(from: 0, to: ranks, by: ranksPerHost).map { $0..<min($0 + ranksPerHost, ranks) }
}

/// Sums in rank order within each host in 64 bits, each rounded once, then in host order in 64 bits.
private func sums(_ all: [[Float]], _ hosts: [[Int]]) -> [Float] {
    all[0].indices.map { index in
        Float(
            hosts.reduce(0.0) { total, host in
                total + Double(Float(host.reduce(0.0) { $0 + Double(all[$1][index]) }))
            })
    }
}

private func expectedSums(_ count: Int, ranks: Int, ranksPerHost: Int) -> [Float] {
    sums((0..<ranks).map { contribution(count, rank: $0) }, hosts(ranks, ranksPerHost).map(Array.init))
}

/// Hosts of one, two and all ranks, also where the last has fewer than the others.
func allReduceInTwoLevels(_ checker: Checker) throws {
    let ranks = checker.group.size
    for ranksPerHost in 1...ranks {
        let group = try divided(checker, ranksPerHost)
        let made = try group.makeBackgroundAllReduces(
            count: 2, capacity: 9000, format: .float32, topology: .twoLevel)
        let divisions = hosts(ranks, ranksPerHost)
        if ranks > 1 {
            checker.equal(
                made.levels,
                .twoLevel(hosts: divisions.count, lanes: divisions.map(\.count).min() ?? 0))
        }
        for reduction in made.reductions {
            checker.expect(try reduction.advance(), "an all-reduce that was never begun is not complete")
            // Fewer elements than ranks, numbers that no number of ranks divides, and the same again.
            for count in [1, 5, 1023, 8999, 9000, 0, 3, 4097] {
                var values = contribution(count, rank: group.rank)
                let own = values
                try values.withUnsafeMutableBufferPointer { buffer in
                    try reduction.begin(buffer)
                    try finish(reduction)
                }
                checker.expect(
                    values
                        == (ranks == 1
                            ? own : expectedSums(count, ranks: ranks, ranksPerHost: ranksPerHost)),
                    "\(ranksPerHost) ranks a host: \(count) values are not the sums of the hosts' sums")
                try checker.sameBits(values)
            }
        }
    }
}

/// Numbers of which one is lost beside the others: another order of additions has another sum.
func allReduceInTwoLevelsInOrder(_ checker: Checker) throws {
    let ranks = checker.group.size
    let sizes: [Float] = [0x1p60, -0x1p60, 1, 0, 1, -0x1p50, 0x1p50, 0]
    let all = (0..<ranks).map { rank in
        (0..<100).map { sizes[(rank * (1 + $0 / 25) + $0) % sizes.count] }
    }
    for ranksPerHost in 1...ranks {
        let inOrder = hosts(ranks, ranksPerHost).map(Array.init)
        if ranks > 2 {
            let others = [inOrder.reversed(), inOrder.map { $0.reversed() }, [Array(0..<ranks)]]
            checker.expect(
                others.contains { sums(all, $0) != sums(all, inOrder) },
                "\(ranksPerHost) ranks a host: the numbers do not tell orders apart")
        }
        let reduction = try divided(checker, ranksPerHost).makeBackgroundAllReduces(
            count: 1, capacity: 100, format: .float32, topology: .twoLevel
        ).reductions[0]
        var values = all[checker.group.rank]
        try values.withUnsafeMutableBufferPointer { buffer in
            try reduction.begin(buffer)
            try finish(reduction)
        }
        checker.equal(values, sums(all, inOrder))
    }
}

/// What goes between hosts is rounded once: all contributions of one host give the nearest number to their sum.
func allReduceInTwoLevelsInBFloat16(_ checker: Checker) throws {
    let ranks = checker.group.size
    for ranksPerHost in 1...ranks {
        let group = try divided(checker, ranksPerHost)
        let reduction = try group.makeBackgroundAllReduces(
            count: 1, capacity: 5000, format: .bfloat16, topology: .twoLevel
        ).reductions[0]
        let all = (0..<ranks).map { contribution(5000, rank: $0) }
        var values = all[group.rank]
        try values.withUnsafeMutableBufferPointer { buffer in
            try reduction.begin(buffer)
            try finish(reduction)
        }
        try checker.sameBits(values)
        guard ranks > 1 else { continue }
        let hostCount = hosts(ranks, ranksPerHost).count
        let worst =
            values.indices.map { index -> Double in
                let exact = all.reduce(0.0) { $0 + Double($1[index]) }
                let sizes = all.reduce(0.0) { $0 + abs(Double($1[index])) }
                // Half a unit in the eighth bit for each host's sum, and for the sum of these.
                return abs(Double(values[index]) - exact) / (sizes / 256 * (hostCount == 1 ? 1 : 2))
            }.max() ?? 0
        checker.expect(
            worst <= 1.0001 && worst > 0.3, "\(ranksPerHost) ranks a host: error of \(worst) bounds")
        // By way of 32 bits a little more than the middle of two numbers would be the middle, and go to the even one.
        guard ranksPerHost > 1 else { continue }
        let contributions: [Float] = [1 + 0x1p-8, 0x1p-30]
        var middle = [group.rank < 2 ? contributions[group.rank] : 0]
        middle.append(-middle[0])
        try middle.withUnsafeMutableBufferPointer { buffer in
            try reduction.begin(buffer)
            try finish(reduction)
        }
        checker.equal(middle, [1 + 0x1p-7, -1 - 0x1p-7])
    }
}

/// Statistics: hosts' sums in rank order, whatever a rank does in between; what is too large goes over all ranks.
func smallAllReduceInTwoLevels(_ checker: Checker) throws {
    let ranks = checker.group.size
    for ranksPerHost in 1...ranks {
        let group = try divided(checker, ranksPerHost)
        let inOrder = hosts(ranks, ranksPerHost)
        checker.equal(try group.allReducePeers(.twoLevel), ranks == 1 ? 1 : inOrder.count)
        checker.equal(try group.allReducePeers(.flat), ranks)
        let reduction = try group.makeSmallAllReduce(topology: .twoLevel)
        for (round, count) in [1, 5, 4096, 0, 8192, 8193, 2, 333, 333].enumerated() {
            let all = (0..<ranks).map { contribution(count, rank: $0).map { Double($0) / 3 } }
            var values = all[group.rank]
            // Others are ahead, and must not write what this rank has yet to read.
            usleep(UInt32((group.rank + round) % ranks * 300))
            if round.isMultiple(of: 2) {
                try reduction.allReduce(&values)
            } else {
                var isDone = false
                try reduction.allReduce(&values) { isDone = true }
                checker.expect(isDone, "no work was done beside \(count) values")
            }
            let expected = (0..<count).map { index in
                inOrder.reduce(0.0) { total, host in total + host.reduce(0.0) { $0 + all[$1][index] } }
            }
            let worst =
                (0..<count).map { index -> Double in
                    let size = all.reduce(1e-9) { $0 + abs($1[index]) }
                    return abs(values[index] - expected[index]) / size
                }.max() ?? 0
            checker.expect(worst < 1e-14, "\(ranksPerHost) ranks a host, \(count) values: off by \(worst)")
            // Two hosts have but one order.
            if inOrder.count == 2, count <= 8192 {
                checker.expect(
                    values == expected,
                    "\(ranksPerHost) ranks a host: \(count) values are not the sums of the hosts' sums")
            }
            try checker.sameBits(values)
        }
    }
}

/// Several under way at once, ended in another order on every rank, beside blocking collectives.
func allReducesInTwoLevelsTogether(_ checker: Checker) throws {
    let group = try divided(checker, 2)
    let ranks = group.size
    let reductions = try group.makeBackgroundAllReduces(
        count: 3, capacity: 9001, format: .float32, topology: .twoLevel
    ).reductions
    try allReduceTogether(reductions, of: [9001, 4003, 9], on: group, rounds: 6, checker) { count in
        ranks == 1 ? contribution(count, rank: 0) : expectedSums(count, ranks: ranks, ranksPerHost: 2)
    }
}

/// `auto` is two levels exactly where there are several hosts, one of them with several ranks.
func allReduceTopology(_ checker: Checker) throws {
    let ranks = checker.group.size
    for ranksPerHost in [nil, 1, 2] as [Int?] {
        for topology in AllReduceTopology.allCases {
            let levels = try divided(checker, ranksPerHost).makeBackgroundAllReduces(
                count: 1, capacity: 10, format: .float32, topology: topology
            ).levels
            let hostCount = ranksPerHost.map { (ranks + $0 - 1) / $0 } ?? 1
            let isTwoLevel =
                switch topology {
                case .flat: false
                case .twoLevel: ranks > 1
                case .auto: ranksPerHost == 2 && hostCount > 1
                }
            checker.expect(
                (levels != .flat) == isTwoLevel, "\(topology), \(ranksPerHost ?? 0) ranks a host: \(levels)")
        }
    }
}

/// The job ends where a rank is killed in one of the phases, while its host and another wait for it.
///
/// Of hosts of two ranks, rank 0 is killed. It comes to cross only if rank 2, which it would exchange with, is not there yet,
/// and to share only if rank 1, on its own host, does not go on.
func killedInTwoLevels(_ checker: Checker, during phase: MPITwoLevelAllReduce.Phase) throws {
    let group = try divided(checker, 2)
    let reduction = try group.makeBackgroundAllReduces(
        count: 1, capacity: 1000, format: .float32, topology: .twoLevel
    ).reductions[0]
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1000)
    values.initialize(repeating: 1)
    defer { values.deallocate() }
    if !(phase == .crossing && group.rank == 2) { try reduction.begin(values) }
    if group.rank == 0, let reduction = reduction as? MPITwoLevelAllReduce {
        while reduction.phase != phase { _ = try reduction.advance() }
        kill(getpid(), SIGKILL)
    }
    let stays = group.rank == (phase == .crossing ? 2 : phase == .sharing ? 1 : nil)
    if !stays { try finish(reduction) }
    try checker.group.barrier()
}
