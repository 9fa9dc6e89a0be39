import Hosts
import ProcessGroups

func coordinate(_ checker: Checker) throws {
    let group = checker.group
    var calls: Int64 = 0
    let bytes = try group.coordinate { () throws -> [UInt8] in
        calls += 1
        return [1, 2, 255, UInt8(group.rank)]
    }
    checker.equal(bytes, [1, 2, 255, 0])
    try group.coordinate { calls += 1 }
    checker.equal(try group.coordinate { () -> [UInt8] in [] }, [])
    checker.equal(calls, group.rank == 0 ? 2 : 0)

    // The failure can be caught, for it is the same on every rank, and the group goes on.
    let failure = checker.throwing(CollectiveFailure.self) {
        try group.coordinate { () throws -> Void in
            throw StagedError(description: "staged: no space on disk", exitCode: 74)
        }
    }
    checker.equal(failure, CollectiveFailure(message: "staged: no space on disk", exitCode: 74))
    checker.equal(try group.allReduce(Int32(1)), Int32(group.size))
}

func coordinateFails(_ checker: Checker) throws {
    try checker.group.coordinate { () throws -> Void in
        throw StagedError(
            description: "staged: rank \(checker.group.rank) cannot read", exitCode: 65)
    }
}

func agree(_ checker: Checker) throws {
    let group = checker.group
    checker.equal(try group.agree { group.rank * 2 }, group.rank * 2)

    // The same message from every rank is listed once.
    let failure = checker.throwing(CollectiveFailure.self) {
        try group.agree { throw StagedError(description: "staged: nothing there", exitCode: 65) }
    }
    checker.equal(failure?.exitCode, 65)
    checker.equal(failure?.message.components(of: "staged: nothing there"), 1)
    try checker.sameBits(Array((failure?.message ?? "").utf8))
    if group.size == 1 { checker.equal(failure?.message, "staged: nothing there") }
    checker.equal(try group.allReduce(Int32(1)), Int32(group.size))
}

func agreeNamesRanks(_ checker: Checker) throws {
    let group = checker.group
    let host = HostName.current
    let last = group.size - 1

    let one = checker.throwing(CollectiveFailure.self) {
        try group.agree {
            if group.rank == last { throw StagedError(description: "staged: bad file", exitCode: 65) }
        }
    }
    checker.equal(one?.message, "rank \(last) on host \(host): staged: bad file")

    // Different messages; the exit code is that of the lowest failed rank.
    let several = checker.throwing(CollectiveFailure.self) {
        try group.agree {
            throw StagedError(
                description: group.rank == 0 ? "staged: a" : "staged: b",
                exitCode: Int32(70 + group.rank))
        }
    }
    let others = (1..<group.size).map { String($0) }.joined(separator: ", ")
    let word = group.size == 2 ? "rank" : "ranks"
    checker.equal(
        several?.message,
        "rank 0 on host \(host): staged: a\n\(word) \(others) on host \(host): staged: b")
    checker.equal(several?.exitCode, 70)
}

func agreeFails(_ checker: Checker) throws {
    try checker.group.agree {
        if checker.group.rank == 1 {
            throw StagedError(description: "staged: rank 1 has no data", exitCode: 74)
        }
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
