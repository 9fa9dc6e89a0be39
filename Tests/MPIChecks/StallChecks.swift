import Foundation
import ProcessGroups

// What a rank does that keeps the others waiting. The limit comes from the environment of each check; the job must
// end by itself, or go on where nothing is wrong.

/// Stops this process, as `kill -STOP` does from outside: none of its threads runs any more.
private func stop() { kill(getpid(), SIGSTOP) }

/// Never returns, while the other threads of the process go on.
private func hang() -> Never { while true { sleep(3600) } }

func stallStoppedRank(_ checker: Checker) throws {
    if checker.group.rank == 1 { stop() }
    try checker.group.barrier()
}

func stallStoppedRankZero(_ checker: Checker) throws {
    if checker.group.rank == 0 { stop() }
    try checker.group.barrier()
}

func stallHangingRank(_ checker: Checker) throws {
    if checker.group.rank == 1 { hang() }
    _ = try checker.group.allGather([Int32(1)])
}

func stallHangingRankZero(_ checker: Checker) throws {
    if checker.group.rank == 0 { hang() }
    _ = try checker.group.allReduce(Float(1))
}

/// A rank that stays away from a non-blocking all-reduce which the others have begun.
func stallBackgroundAllReduce(_ checker: Checker) throws {
    let group = checker.group
    let reduction = try group.makeBackgroundAllReduce(capacity: 100)
    if group.rank == 1 { hang() }
    var values = [Float](repeating: 1, count: 100)
    try values.withUnsafeMutableBufferPointer { buffer in
        try reduction.begin(buffer)
        try group.waiting(for: "all-reduce of gradients") {
            while try !reduction.advance() { Thread.sleep(forTimeInterval: 0.001) }
        }
    }
}

/// A rank that hangs in the work that overlaps with an all-reduce. Its contribution may have reached the others, which
/// then wait for it in what follows.
func stallDuringWork(_ checker: Checker) throws {
    var values = [1.0, 2.0]
    try checker.group.allReduce(&values) { if checker.group.rank == 1 { hang() } }
}

/// A rank that never comes to its end, as the others do by an error that all were to share.
func stallBeforeTheEnd(_ checker: Checker) throws {
    if checker.group.rank == 1 { hang() }
    throw CollectiveFailure(message: "staged: not shared by all", exitCode: 64)
}

/// Ranks that wait for one another in different collectives.
func stallOtherCollectives(_ checker: Checker) throws {
    if checker.group.rank == 0 {
        try checker.group.barrier()
    } else {
        _ = try checker.group.allReduce(Float(1))
    }
}

/// A rank that dies is the launcher's to notice.
func stallKilledRank(_ checker: Checker) throws {
    if checker.group.rank == 1 { kill(getpid(), SIGKILL) }
    try checker.group.barrier()
}

/// A rank that works for longer than the limit, and says so; then all wait for nothing and nobody.
func stallBusyRank(_ checker: Checker) throws {
    let group = checker.group
    if group.rank == group.size - 1 {
        for _ in 0..<25 {
            Thread.sleep(forTimeInterval: 0.2)
            group.noteProgress()
        }
    }
    checker.equal(try group.allReduce(Int64(1)), Int64(group.size))
    Thread.sleep(forTimeInterval: 4)
    checker.equal(try group.allReduce(Int64(1)), Int64(group.size))
}

/// All ranks are suspended for longer than the limit, as a batch system does it, and go on.
func stallSuspendedJob(_ checker: Checker) throws {
    let group = checker.group
    let identifiers = try group.allGather([Int32(getpid())]).map { String($0) }.joined(separator: " ")
    let suspension = Process()
    if group.rank == 0 {
        suspension.executableURL = URL(fileURLWithPath: "/bin/sh")
        suspension.arguments = [
            "-c", "sleep 1; kill -STOP \(identifiers); sleep 5; kill -CONT \(identifiers)",
        ]
        try suspension.run()
    }
    // Rank 0 says how long to go on; all but one wait most of the time.
    var longest = 0.0
    var last = DispatchTime.now().uptimeNanoseconds
    while try group.allReduce(Int32(suspension.isRunning ? 1 : 0)) > 0 {
        if group.rank == group.size - 1 { Thread.sleep(forTimeInterval: 0.1) }
        let now = DispatchTime.now().uptimeNanoseconds
        longest = max(longest, Double(now - last) / 1e9)
        last = now
    }
    checker.expect(longest > 4, "the longest pause was \(longest) s: the job was not suspended")
    for _ in 0..<30 {
        if group.rank == group.size - 1 { Thread.sleep(forTimeInterval: 0.1) }
        try group.barrier()
    }
}

func stallLimitIsWrong(_ checker: Checker) { checker.expect(false, "this must not begin") }

/// All-reduces without an end, until something from outside gets in the way.
func stallForever(_ checker: Checker) throws {
    print("begun")
    fflush(nil)
    while try checker.group.allReduce(Int64(1)) > 0 { Thread.sleep(forTimeInterval: 0.01) }
}
