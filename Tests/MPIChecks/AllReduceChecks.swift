import ProcessGroups

func allReduceEveryType(_ checker: Checker) throws {
    func check<E: Transmissible>(_ type: E.Type, _ value: (Int) -> E) throws {
        let group = checker.group
        var values = (0..<5).map { value(group.rank * 5 + $0) }
        try group.allReduce(&values)
        let expected = (0..<5).map { index in
            (0..<group.size).reduce(E.zero) { $0 + value($1 * 5 + index) }
        }
        checker.equal(values, expected)
    }
    // Halves, so that sums in floating point are exact in any order; differing in every rank and place.
    try check(Float.self) { Float($0) * 1.5 - 2 }
    try check(Double.self) { Double($0) * 1.5 - 2 }
    try check(Int32.self) { Int32($0) * 1_000_003 - 7 }
    try check(Int64.self) { Int64($0) * 1_000_000_000_003 - 7 }
    try check(UInt8.self) { UInt8($0 + 1) }
}

func allReduceSingleValues(_ checker: Checker) throws {
    let group = checker.group
    let triangle = group.size * (group.size + 1) / 2
    checker.equal(try group.allReduce(Int64(group.rank + 1)), Int64(triangle))
    checker.equal(try group.allReduce(Float(group.rank + 1) / 2), Float(triangle) / 2)
    // Overflow wraps around, on a rank alone as on many.
    let wrapped = (0..<group.size).reduce(UInt8(0)) { sum, _ in sum &+ 200 }
    checker.equal(try group.allReduce(UInt8(200)), wrapped)
}

func allReduceSameBits(_ checker: Checker) throws {
    let group = checker.group
    // Values of very different sizes, so that the order of additions shows in the last bits; lengths on both
    // sides of the points where MPI changes its algorithm.
    for count in [1, 3, 64, 1000, 4097, 100_000, 1_000_001] {
        var state = UInt64(group.rank + 1) &* 0x9E37_79B9_7F4A_7C15
        var values = (0..<count).map { _ -> Float in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let unit = Float(state >> 40) / Float(1 << 24) - 0.5
            return unit * (state & (1 << 33) == 0 ? 1 : 1e4)
        }
        let own = values
        try group.allReduce(&values)
        try checker.sameBits(values)
        var again = own
        try group.allReduce(&again)
        checker.expect(again == values, "a second all-reduce of \(count) values has other bits")
        if group.size == 1 { checker.expect(own == values, "the all-reduce of one rank changed the values") }
    }
}

func allReduceInPieces(_ checker: Checker) throws {
    let group = checker.group
    for (largestCount, count) in [(1, 5), (4, 7), (4, 8), (4, 9), (100, 7)] {
        (group as? MPIGroup)?.largestCount = largestCount
        var values = (0..<count).map { Int32($0 * 10 + group.rank) }
        try group.allReduce(&values)
        let ranks = group.size * (group.size - 1) / 2
        checker.equal(values, (0..<count).map { Int32($0 * 10 * group.size + ranks) })
    }
}

func allReduceNothing(_ checker: Checker) throws {
    var nothing: [Float] = []
    try checker.group.allReduce(&nothing)
    try checker.group.allReduce(UnsafeMutableBufferPointer<Double>(start: nil, count: 0))
    checker.equal(nothing, [])
}

/// All-reduces that overlap with work, one after the other, beside one in the background.
func allReduceDuringWork(_ checker: Checker) throws {
    let group = checker.group
    let background = try group.makeBackgroundAllReduce(capacity: 50_000)
    var bulk = (0..<50_000).map { Float($0 % 100 + group.rank) }
    try bulk.withUnsafeMutableBufferPointer { buffer in
        try background.begin(buffer)
        for count in [1, 2, 130, 4097, 0, 70_001, 3] {
            let own = (0..<count).map { Double($0 % 1000 * (group.rank + 1)) * 1.1 }
            var values = own
            var calls = 0
            try group.allReduce(&values) {
                calls += 1
                _ = try background.advance()
            }
            checker.equal(calls, 1)
            try checker.sameBits(values)
            let ranks = Double(group.size * (group.size + 1) / 2)
            let isRight = zip(values, own).allSatisfy { sum, own in
                let expected = own / Double(group.rank + 1) * ranks
                return abs(sum - expected) <= 1e-12 * expected
            }
            checker.expect(isRight, "an all-reduce of \(count) values is wrong")
            var again = own
            try group.allReduce(&again) {}
            checker.expect(again == values, "a second all-reduce of \(count) values has other bits")
        }
        while try !background.advance() {}
    }
    let ranks = group.size * (group.size - 1) / 2
    checker.equal(bulk, (0..<50_000).map { Float($0 % 100 * group.size + ranks) })
    // What does not go into one call.
    (group as? MPIGroup)?.largestCount = 4
    var pieces = (0..<9).map { Int32($0 * 10 + group.rank) }
    var calls = 0
    try group.allReduce(&pieces) { calls += 1 }
    checker.equal(calls, 1)
    checker.equal(pieces, (0..<9).map { Int32($0 * 10 * group.size + ranks) })
}

/// The work of one rank throws while the others wait for the all-reduce.
func allReduceDuringWorkThatFails(_ checker: Checker) throws {
    var values = [Double](repeating: 1, count: 1000)
    try checker.group.allReduce(&values) {
        if checker.group.rank == 1 { throw StagedError(description: "staged: out of work", exitCode: 74) }
    }
}
