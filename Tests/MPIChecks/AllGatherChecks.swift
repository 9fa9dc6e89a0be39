import ProcessGroups

func allGatherEveryType(_ checker: Checker) throws {
    let group = checker.group
    func check<E: Transmissible>(_ value: (Int) -> E) throws {
        let own = (0..<3).map { value(group.rank * 3 + $0) }
        checker.equal(try group.allGather(own), (0..<group.size * 3).map(value))
    }
    try check { Float($0) + 0.1 }
    try check { Double($0) + 0.1 }
    try check { Int32($0) - 5 }
    try check { Int64($0) << 40 }
    try check { UInt8(255 - $0) }
}

/// What rank `rank` hands in: `count` values that tell rank and place.
private func values(of rank: Int, count: Int) -> [Int64] {
    (0..<count).map { Int64(rank * 1000 + $0) }
}

/// All-gathers the given count from each rank and compares, both in one array and in one array a rank.
private func checkGather(_ checker: Checker, count: (Int) -> Int) throws {
    let group = checker.group
    let own = values(of: group.rank, count: count(group.rank))
    let expected = (0..<group.size).map { values(of: $0, count: count($0)) }
    checker.equal(try group.allGather(own), expected.flatMap { $0 })
    checker.equal(try group.allGatherEach(own), expected)
}

func allGatherUneven(_ checker: Checker) throws {
    let last = checker.group.size - 1
    try checkGather(checker) { $0 + 1 }
    try checkGather(checker) { $0 * 7 }
    try checkGather(checker) { $0 == last ? 5 : 0 }
    try checkGather(checker) { $0 == 0 ? 5 : 0 }
    try checkGather(checker) { $0 == 0 ? 20_000 : 3 }
}

func allGatherNothing(_ checker: Checker) throws {
    try checkGather(checker) { _ in 0 }
}

func allGatherInPieces(_ checker: Checker) throws {
    for largestCount in [1, 2, 4, 100] {
        (checker.group as? MPIGroup)?.largestCount = largestCount
        try checkGather(checker) { $0 * 3 + 1 }
        try checkGather(checker) { $0 == 0 ? 0 : 5 }
        try checkGather(checker) { $0 == 0 ? 5 : 0 }
    }
}
