import Foundation
import ProcessGroups

/// Values that differ in size, rank and place, so that the order of additions shows in the last bits.
func contribution(_ count: Int, rank: Int) -> [Float] {
    var state = UInt64(rank + 1) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(count)
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let unit = Float(state >> 40) / Float(1 << 24) - 0.5
        return unit * (state & (1 << 33) == 0 ? 1 : 1e4)
    }
}

/// Sums in rank order in 64 bits, computed without communication.
private func expectedSums(_ count: Int, ranks: Int) -> [Float] {
    let all = (0..<ranks).map { contribution(count, rank: $0) }
    return (0..<count).map { index in Float(all.reduce(0.0) { $0 + Double($1[index]) }) }
}

func finish(_ reduction: any BackgroundAllReduce) throws {
    // Others may need this core before it can go on.
    while try !reduction.advance() { sched_yield() }
}

func backgroundAllReduce(_ checker: Checker) throws {
    let group = checker.group
    let reduction = try group.makeBackgroundAllReduce(capacity: 300_000)
    checker.expect(try reduction.advance(), "an all-reduce that was never begun is not complete")
    // Fewer elements than ranks, numbers that no number of ranks divides, and one message after the other.
    for count in [1, 2, 5, 1023, 1025, 65_537, 299_999, 300_000, 0, 3] {
        var values = contribution(count, rank: group.rank)
        let own = values
        try values.withUnsafeMutableBufferPointer { buffer in
            try reduction.begin(buffer)
            try finish(reduction)
        }
        checker.expect(
            values == (group.size == 1 ? own : expectedSums(count, ranks: group.size)),
            "an all-reduce of \(count) values is not the sum in rank order")
        try checker.sameBits(values)
    }
}

/// All-reduces under way at the same time, completed in another order on every rank, beside blocking collectives.
func backgroundAllReducesTogether(_ checker: Checker) throws {
    let group = checker.group
    let counts = [70_001, 40_003, 9]
    let reductions = try counts.map { try group.makeBackgroundAllReduce(capacity: $0) }
    try allReduceTogether(reductions, of: counts, on: group, rounds: 3, checker) {
        expectedSums($0, ranks: group.size)
    }
}

/// Contributions of these sizes under way at the same time, ended in another order on every rank and in every round.
func allReduceTogether(
    _ reductions: [any BackgroundAllReduce], of counts: [Int], on group: any ProcessGroup, rounds: Int,
    _ checker: Checker,
    expecting expected: (_ count: Int) -> [Float]
) throws {
    for round in 0..<rounds {
        let buffers = counts.map { count -> UnsafeMutableBufferPointer<Float> in
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            _ = buffer.initialize(from: contribution(count, rank: group.rank))
            return buffer
        }
        defer { for buffer in buffers { buffer.deallocate() } }
        for (reduction, buffer) in zip(reductions, buffers) { try reduction.begin(buffer) }
        checker.equal(try group.allReduce(Int64(group.rank)), Int64(group.size * (group.size - 1) / 2))
        var open = reductions.indices.map { ($0 + group.rank + round) % reductions.count }
        while !open.isEmpty {
            open = try open.filter { try !reductions[$0].advance() }
            // Others may need this core before they can go on.
            sched_yield()
        }
        for (count, buffer) in zip(counts, buffers) {
            checker.expect(Array(buffer) == expected(count), "round \(round): \(count) values")
        }
    }
}

func backgroundAllReduceInBFloat16(_ checker: Checker) throws {
    let group = checker.group
    let reduction = try group.makeBackgroundAllReduce(capacity: 5000, format: .bfloat16)
    for count in [1, 7, 4999] {
        // Whole numbers of at most 8 bits pass unharmed, and so do their sums.
        var whole = (0..<count).map { Float($0 % 32 + group.rank) }
        try whole.withUnsafeMutableBufferPointer { buffer in
            try reduction.begin(buffer)
            try finish(reduction)
        }
        let ranks = group.size * (group.size - 1) / 2
        checker.equal(whole, (0..<count).map { Float($0 % 32 * group.size + ranks) })

        var values = contribution(count, rank: group.rank)
        let exact = expectedSums(count, ranks: group.size)
        let largest = Float(1e4) / 2
        try values.withUnsafeMutableBufferPointer { buffer in
            try reduction.begin(buffer)
            try finish(reduction)
        }
        try checker.sameBits(values)
        if group.size == 1 {
            checker.expect(values == exact, "alone, nothing is rounded")
        } else {
            // Half a unit in the eighth bit for each contribution and for the sum.
            let bound = largest * Float(group.size + group.size) / 256
            let worst = zip(values, exact).map { abs($0 - $1) }.max() ?? 0
            checker.expect(
                worst <= bound && (count < 100 || worst > 0), "worst error \(worst), bound \(bound)")
        }
    }
    // NaN propagates, to every rank.
    if group.size > 1 {
        var strange: [Float] = [group.rank == 1 ? .nan : 1, group.rank == 0 ? .infinity : 1, 0]
        try strange.withUnsafeMutableBufferPointer { buffer in
            try reduction.begin(buffer)
            try finish(reduction)
        }
        checker.expect(strange[0].isNaN && strange[1] == .infinity && strange[2] == 0, "\(strange)")
    }
}
