/// Decides from what ranks say whether the job stalls; knows no clock and no messages.
package struct StallJudge {
    /// What is wrong with a job.
    package enum Verdict: Equatable {
        /// Ranks of which nothing is heard.
        case silent([Int])
        /// Ranks that are alive but stay away from a collective in which others wait.
        case missing([Int], waiting: [Int])
        /// Ranks that wait in a collective that all have joined.
        case incomplete([Int])
    }

    /// What is known of a rank.
    package struct Watch {
        /// What the rank said last.
        package var status = Activity.Status()
        /// Seconds for which it has said nothing.
        package var silentSeconds = 0.0
        /// Seconds for which it has said the same.
        package var unchangedSeconds = 0.0
        /// Whether it has said that it ends: nothing more will come.
        package var hasEnded = false
    }

    /// Seconds of silence, or of waiting, that make a stall.
    let limit: Double

    /// Whether it is known of every rank what it is doing. Else only silence is judged.
    let knowsAll: Bool

    /// The number of collectives that all ranks have joined, and the seconds since the last one came.
    private var joinedByAll: Int64
    private var joinedSeconds = 0.0

    /// The ranks that are watched.
    package private(set) var watches: [Int: Watch]

    /// A judge that has heard every rank just now.
    ///
    /// - Parameters:
    ///   - ranks: The ranks that are watched.
    ///   - status: What each of them is doing.
    ///   - knowsAll: Whether these are all ranks.
    ///   - limit: Seconds that make a stall.
    package init(ranks: [Int], status: Activity.Status = .init(), knowsAll: Bool, limit: Double) {
        (self.limit, self.knowsAll) = (limit, knowsAll)
        watches = Dictionary(uniqueKeysWithValues: ranks.map { ($0, Watch(status: status)) })
        joinedByAll = status.begunCount
    }

    /// Notes what a rank says.
    package mutating func hear(_ status: Activity.Status, isLast: Bool, from rank: Int) {
        guard var watch = watches[rank] else { return }
        if status != watch.status { watch.unchangedSeconds = 0 }
        (watch.status, watch.silentSeconds) = (status, 0)
        watch.hasEnded = watch.hasEnded || isLast
        watches[rank] = watch
        let fewest = watches.values.reduce(status.begunCount) { min($0, $1.status.begunCount) }
        if fewest != joinedByAll { (joinedByAll, joinedSeconds) = (fewest, 0) }
    }

    /// Lets time go by.
    package mutating func advance(by seconds: Double) {
        for rank in watches.keys {
            watches[rank]?.silentSeconds += seconds
            watches[rank]?.unchangedSeconds += seconds
        }
        joinedSeconds += seconds
    }

    /// What is wrong, if anything is.
    package var verdict: Verdict? {
        let silent = ranks { !$0.hasEnded && $0.silentSeconds >= limit }
        if !silent.isEmpty { return .silent(silent) }
        // A rank of which nothing was heard for a while is not to be blamed for what it said before.
        guard knowsAll, watches.values.allSatisfy({ !$0.hasEnded && $0.silentSeconds < limit / 2 }) else {
            return nil
        }
        let waiting = ranks { $0.status.isInside && $0.unchangedSeconds >= limit }
        guard let first = waiting.compactMap({ watches[$0]?.status.begunCount }).min() else { return nil }
        if first == joinedByAll {
            // Who waits may have waited long for the last one to come; from then on it should be quick.
            guard joinedSeconds >= limit else { return nil }
            return .incomplete(ranks { $0.status.isInside })
        }

        // Those ahead wait for those behind; of these, some may work, and some may not have left the one before.
        let missing = ranks {
            $0.status.begunCount == joinedByAll && !$0.status.isInside && $0.unchangedSeconds >= limit
        }
        return missing.isEmpty ? nil : .missing(missing, waiting: waiting)
    }

    private func ranks(where condition: (Watch) -> Bool) -> [Int] {
        watches.filter { condition($0.value) }.keys.sorted()
    }
}
