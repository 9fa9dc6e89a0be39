import Foundation
import ProcessGroups

/// What a second thread came to.
private final class Outcome: @unchecked Sendable {
    let group: any ProcessGroup
    var sums: [Int64] = []
    let isDone = DispatchSemaphore(value: 0)

    init(_ group: any ProcessGroup) { self.group = group }
}

/// Two threads a rank, each with its group, send at the same time; neither gets what belongs to the other.
func duplicateOnThread(_ checker: Checker) throws {
    let group = checker.group
    let outcome = Outcome(try group.duplicate())
    checker.equal(outcome.group.rank, group.rank)
    checker.equal(outcome.group.size, group.size)

    let rounds: Int64 = 300
    let triangle = Int64(group.size * (group.size + 1) / 2)
    let own = Int64(group.rank + 1)
    Thread {
        for round in 1...rounds {
            outcome.sums.append((try? outcome.group.allReduce(own * round)) ?? -1)
        }
        outcome.isDone.signal()
    }.start()
    var sums: [Int64] = []
    for round in 1...rounds { sums.append(try group.allReduce(own * round * 1000)) }
    outcome.isDone.wait()
    checker.equal(sums, (1...rounds).map { triangle * $0 * 1000 })
    checker.equal(outcome.sums, (1...rounds).map { triangle * $0 })
}
