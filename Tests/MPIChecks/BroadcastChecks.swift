import ProcessGroups

func broadcastEveryRoot(_ checker: Checker) throws {
    let group = checker.group
    for root in 0..<group.size {
        var values: [Int32] = (0..<4).map { Int32(group.rank * 100 + $0) }
        try values.withUnsafeMutableBufferPointer { try group.broadcast($0, from: root) }
        checker.equal(values, (0..<4).map { Int32(root * 100 + $0) })
    }
}

func broadcastEveryType(_ checker: Checker) throws {
    let group = checker.group
    let root = group.size - 1
    func check<E: Transmissible>(_ value: (Int) -> E) throws {
        var values = (0..<3).map { value(group.rank * 3 + $0) }
        try group.broadcast(&values, from: root)
        checker.equal(values, (0..<3).map { value(root * 3 + $0) })
    }
    try check { Float($0) + 0.1 }
    try check { Double($0) + 0.1 }
    try check { Int32($0) - 5 }
    try check { Int64($0) << 40 }
    try check { UInt8(255 - $0) }
}

func broadcastLengths(_ checker: Checker) throws {
    let group = checker.group
    for root in 0..<group.size {
        // The root's array is longer than some and shorter than others; once it is empty.
        for length in [0, 1, 2, 50] {
            var values = [Double](repeating: Double(group.rank), count: group.rank * 3 + 1)
            if group.rank == root { values = (0..<length).map { Double($0) } }
            try group.broadcast(&values, from: root)
            checker.equal(values, (0..<length).map { Double($0) })
        }
    }
}

func broadcastInPieces(_ checker: Checker) throws {
    let group = checker.group
    for (largestCount, count) in [(1, 5), (4, 7), (4, 8), (4, 9), (100, 7)] {
        (group as? MPIGroup)?.largestCount = largestCount
        let root = group.size - 1
        var values = (0..<count).map { Float($0 + group.rank * 1000) }
        try group.broadcast(&values, from: root)
        checker.equal(values, (0..<count).map { Float($0 + root * 1000) })
    }
}

/// The first rank of each host sends, in pieces, while the root's values stay as they are.
func broadcastWithinHosts(_ checker: Checker) throws {
    let ranks = checker.group.size
    for ranksPerHost in 1...ranks {
        let group = try checker.group.duplicate()
        (group as? MPIGroup)?.ranksPerHost = ranksPerHost
        (group as? MPIGroup)?.largestCount = 3
        let host = try group.splitByHost()
        let first = group.rank / ranksPerHost * ranksPerHost
        checker.equal([host.rank, host.size], [group.rank - first, min(ranksPerHost, ranks - first)])
        for count in [0, 1, 7] {
            let own = (0..<count).map { Int64($0 + 100 * group.rank) }
            let values = try host.broadcast(host.rank == 0 ? own : [], count: count, from: 0)
            checker.equal(values, (0..<count).map { Int64($0 + 100 * first) })
        }
    }
    // All ranks here are on one host.
    checker.equal([try checker.group.splitByHost().size], [ranks])
}
