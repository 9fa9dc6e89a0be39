import Foundation
import ProcessGroups

/// Parts of the ranks do as many collectives of their own as each likes, and meet again.
func split(_ checker: Checker) throws {
    let group = checker.group
    let part = try group.split(color: group.rank % 2)
    let members = (0..<group.size).filter { $0 % 2 == group.rank % 2 }
    checker.equal(part.size, members.count)
    checker.equal(members[part.rank], group.rank)
    var sums: [Int64] = []
    for round in 1...Int64(3 + 5 * (group.rank % 2)) {
        sums.append(try part.allReduce(Int64(group.rank) * round))
        checker.equal(try part.allGather([Int32(group.rank)]), members.map { Int32($0) })
    }
    let total = Int64(members.reduce(0, +))
    checker.equal(sums, (1...Int64(sums.count)).map { total * $0 })
    checker.equal(try group.allReduce(Int64(1)), Int64(group.size))
    // A part of a part, and a duplicate of one.
    let alone = try part.split(color: part.rank)
    checker.equal(alone.size, 1)
    checker.equal(try part.duplicate().allReduce(Int64(2)), 2 * Int64(part.size))
}

/// A part that works for longer than the limit, with collectives of its own, is not stalled for the others.
func stallBusyPart(_ checker: Checker) throws {
    let group = checker.group
    let part = try group.split(color: group.rank == 0 ? 0 : 1)
    if group.rank > 0 {
        for _ in 0..<50 {
            Thread.sleep(forTimeInterval: 0.1)
            try part.barrier()
        }
    }
    try group.barrier()
    checker.equal(part.size, group.rank == 0 ? 1 : group.size - 1)
}
