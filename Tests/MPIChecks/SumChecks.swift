import ProcessGroups

func sumEveryType(_ checker: Checker) throws {
    func check<E: Transmissible>(_ type: E.Type, _ value: (Int) -> E) throws {
        let group = checker.group
        var values = (0..<5).map { value(group.rank * 5 + $0) }
        try group.sum(&values)
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

func sumSingleValues(_ checker: Checker) throws {
    let group = checker.group
    let triangle = group.size * (group.size + 1) / 2
    checker.equal(try group.sum(Int64(group.rank + 1)), Int64(triangle))
    checker.equal(try group.sum(Float(group.rank + 1) / 2), Float(triangle) / 2)
    // Overflow wraps around, on a rank alone as on many.
    let wrapped = (0..<group.size).reduce(UInt8(0)) { sum, _ in sum &+ 200 }
    checker.equal(try group.sum(UInt8(200)), wrapped)
}

func sumSameBits(_ checker: Checker) throws {
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
        try group.sum(&values)
        try checker.sameBits(values)
        var again = own
        try group.sum(&again)
        checker.expect(again == values, "a second sum of \(count) values has other bits")
        if group.size == 1 { checker.expect(own == values, "the sum over one rank changed the values") }
    }
}

func sumInPieces(_ checker: Checker) throws {
    let group = checker.group
    for (largestCount, count) in [(1, 5), (4, 7), (4, 8), (4, 9), (100, 7)] {
        (group as? MPIGroup)?.largestCount = largestCount
        var values = (0..<count).map { Int32($0 * 10 + group.rank) }
        try group.sum(&values)
        let ranks = group.size * (group.size - 1) / 2
        checker.equal(values, (0..<count).map { Int32($0 * 10 * group.size + ranks) })
    }
}

func sumNothing(_ checker: Checker) throws {
    var nothing: [Float] = []
    try checker.group.sum(&nothing)
    try checker.group.sum(UnsafeMutableBufferPointer<Double>(start: nil, count: 0))
    checker.equal(nothing, [])
}
