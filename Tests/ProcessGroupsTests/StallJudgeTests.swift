import ProcessGroups
import Testing

/// A status by its collective: `inside` is still in it.
private func status(
    _ count: Int64, _ name: StaticString = "all-reduce", inside: Bool = false, progress: Int64 = 0
)
    -> Activity.Status
{
    Activity.Status(begunCount: count, collective: Collective(name), isInside: inside, progress: progress)
}

/// Ranks that say the same for a while, a word a second.
private func judge(_ statuses: [Activity.Status?], seconds: Int, limit: Double = 10) -> StallJudge {
    var judge = StallJudge(ranks: Array(statuses.indices), knowsAll: true, limit: limit)
    for _ in 0..<seconds {
        judge.advance(by: 1)
        for (rank, status) in statuses.enumerated() {
            if let status { judge.hear(status, isLast: false, from: rank) }
        }
    }
    return judge
}

private func report(_ judge: StallJudge) -> String? {
    let report = StallReport(hosts: ["node1", "node2", "node1"], limit: 10, watches: judge.watches)
    return judge.verdict.map { report.text($0) }
}

@Suite struct StallJudgeTests {
    @Test func silenceIsAStall() {
        let statuses = [status(5, inside: true), nil, status(5, inside: true)]
        #expect(judge(statuses, seconds: 9).verdict == nil)
        let stalled = judge(statuses, seconds: 10)
        #expect(stalled.verdict == .silent([1]))
        #expect(
            report(stalled)?.hasPrefix(
                "rank 1 of 3 on host node2 gives no sign of life for 10 s: its process is stopped, or its machine "
                    + "or the network is gone. It was last seen before its first collective. Waiting: ranks 0, 2 "
                    + "on host node1 in all-reduce (collective 5). The job ends with exit code 76;") == true)
    }

    @Test func aRankThatStaysAwayIsAStall() {
        let stalled = judge(
            [
                status(5, "all-gather", inside: true), status(4, "broadcast"),
                status(5, "all-gather", inside: true),
            ],
            seconds: 11)
        #expect(stalled.verdict == .missing([1], waiting: [0, 2]))
        #expect(
            report(stalled)?.hasPrefix(
                "rank 1 of 3 on host node2 has not joined all-gather (collective 5), in which ranks 0, 2 on host node1 "
                    + "have waited for 10 s: it hangs, or is busy without a sign of progress. It last left "
                    + "broadcast (collective 4).") == true)
    }

    @Test func aRankThatMakesProgressIsNone() {
        var judge = judge([status(5, inside: true), status(4)], seconds: 1)
        for second in 1...30 {
            judge.advance(by: 1)
            judge.hear(status(5, inside: true), isLast: false, from: 0)
            judge.hear(status(4, progress: Int64(second / 8)), isLast: false, from: 1)
            #expect(judge.verdict == nil)
        }
    }

    @Test func oneOfTwoThatStayAwayIsNamedWhereTheOtherMakesProgress() {
        var judge = judge([status(5, inside: true), status(4), status(4)], seconds: 9)
        judge.advance(by: 1)
        judge.hear(status(5, inside: true), isLast: false, from: 0)
        judge.hear(status(4, progress: 1), isLast: false, from: 1)
        judge.hear(status(4), isLast: false, from: 2)
        judge.advance(by: 1)
        for rank in 0..<3 { judge.hear(judge.watches[rank]!.status, isLast: false, from: rank) }
        #expect(judge.verdict == .missing([2], waiting: [0]))
    }

    @Test func whereNobodyWaitsNobodyIsMissed() {
        #expect(judge([status(4), status(4), status(4)], seconds: 100).verdict == nil)
    }

    @Test func aCollectiveWithoutAnEndIsAStall() {
        let all = judge([status(4, inside: true), status(4, "all-gather", inside: true)], seconds: 11)
        #expect(all.verdict == .incomplete([0, 1]))
        #expect(
            report(all)?.hasPrefix(
                "collective 4 is not complete after 10 s, though no rank stays away from it: rank 0 on host node1 "
                    + "in all-reduce (collective 4); rank 1 on host node2 in all-gather (collective 4).")
                == true)
        // Rank 0 has left early, as the root of a broadcast may, and works.
        #expect(judge([status(4), status(4, inside: true)], seconds: 11).verdict == .incomplete([1]))
        // Rank 0 is ahead, and waits because rank 1 waits for a message.
        let ahead = judge([status(5, inside: true), status(4, inside: true)], seconds: 11)
        #expect(ahead.verdict == .incomplete([0, 1]))
    }

    @Test func theLastOneToJoinStartsTheTime() {
        // Rank 1 has worked for long, and was seen to; rank 0 may not have left yet when it has.
        var judge = judge([status(5, inside: true), status(4)], seconds: 9)
        for second in 1...10 {
            judge.advance(by: 1)
            judge.hear(status(5, inside: true), isLast: false, from: 0)
            judge.hear(status(5), isLast: false, from: 1)
            #expect(judge.verdict == nil, "after \(second) s")
        }
        judge.advance(by: 1)
        for rank in 0..<2 { judge.hear(judge.watches[rank]!.status, isLast: false, from: rank) }
        #expect(judge.verdict == .incomplete([0]))
    }

    @Test func whatWasSaidLongAgoIsNoEvidence() {
        // Rank 1 has not been heard for 6 seconds: whether it has joined by now, nobody knows.
        var judge = judge([status(5, inside: true), status(4)], seconds: 9)
        for _ in 0..<6 {
            judge.advance(by: 1)
            judge.hear(status(5, inside: true), isLast: false, from: 0)
        }
        #expect(judge.verdict == nil)
    }

    @Test func theEndIsNoSilence() {
        var judge = judge([status(4), status(4)], seconds: 1)
        judge.hear(status(4), isLast: true, from: 1)
        for _ in 0..<50 {
            judge.advance(by: 1)
            judge.hear(status(4, inside: true), isLast: false, from: 0)
        }
        #expect(judge.verdict == nil)
    }

    @Test func namesAreKeptAndCut() {
        #expect(Collective("all-reduce of gradients").name == "all-reduce of gradients")
        #expect(Collective("").name.isEmpty)
        #expect(Collective("a name of more than thirty-two bytes, no less").name.utf8.count == 32)
        #expect(Collective("all-reduce") != Collective("all-gather"))
    }

    @Test func collectivesMadeOfOthersCountOnce() throws {
        let activity = Activity { 0 }
        activity.within("all-gather") {
            activity.within("broadcast") {}
            #expect(activity.status == status(1, "all-gather", inside: true))
        }
        #expect(activity.status == status(1, "all-gather"))
        activity.noteProgress()
        #expect(activity.status == status(1, "all-gather", progress: 1))
        #expect(Activity { 7 }.status.progress == 7)
    }
}

@Suite struct StallLimitTests {
    @Test func reads() throws {
        #expect(try StallLimit.seconds(variables: [:]) == 300)
        #expect(try StallLimit.seconds(variables: ["BALLAST_STALL_SECONDS": "2.5"]) == 2.5)
        #expect(try StallLimit.seconds(variables: ["BALLAST_STALL_SECONDS": "0"]) == nil)
    }

    @Test(arguments: ["", "soon", "-1", "0.5", "inf", "nan", "5 s"]) func refuses(_ text: String) {
        let error = #expect(throws: LaunchError.self) {
            try StallLimit.seconds(variables: ["BALLAST_STALL_SECONDS": text])
        }
        #expect(error?.description.hasPrefix("BALLAST_STALL_SECONDS is \"\(text)\"; expected") == true)
        #expect(error?.exitCode == 64)
    }
}
