internal import Hosts

/// What to tell the user about a stall: which ranks and hosts, which collective, for how long, and what to do.
package struct StallReport {
    /// Host of each rank.
    let hosts: [String]
    /// Seconds that make a stall, as the user set them.
    let limit: Double
    /// What is known of the ranks.
    let watches: [Int: StallJudge.Watch]

    /// A report from what is known.
    package init(hosts: [String], limit: Double, watches: [Int: StallJudge.Watch]) {
        (self.hosts, self.limit, self.watches) = (hosts, limit, watches)
    }

    /// The whole report, without the name of the program.
    package func text(_ verdict: StallJudge.Verdict) -> String {
        let text =
            switch verdict {
            case .silent(let ranks): silence(ranks)
            case .missing(let ranks, let waiting): absence(ranks, waiting: waiting)
            case .incomplete(let ranks):
                "collective \(fewest(ranks)) is not complete after \(seconds), though no rank stays away from it: "
                    + "\(places(ranks)). Either the network does not carry its messages, or the ranks call "
                    + "different collectives."
            }
        return text
            + " The job ends with exit code \(ExitCode.communication); restart it to resume from its "
            + "last checkpoint. \(StallLimit.variable) sets the seconds, 0 for never."
    }

    private func silence(_ ranks: [Int]) -> String {
        let one = ranks.count == 1
        let last = ranks.map { rank in
            let status = watches[rank]?.status ?? Activity.Status()
            let name = one ? "It" : "Rank \(rank)"
            return status.begunCount == 0
                ? " \(name) was last seen before its first collective."
                : " \(name) was last seen \(status.isInside ? "in" : "after") \(place(status))."
        }
        let waiting = watches.filter { !ranks.contains($0.key) && $0.value.status.isInside }.keys.sorted()
        return
            "\(RankReport.origin(of: ranks.map(located), groupSize: hosts.count)) \(one ? "gives" : "give") no "
            + "sign of life for \(seconds): \(one ? "its process is" : "their processes are") stopped, or "
            + "\(one ? "its machine" : "their machines") or the network is gone." + last.joined()
            + (waiting.isEmpty ? "" : " Waiting: \(places(waiting)).")
    }

    private func absence(_ ranks: [Int], waiting: [Int]) -> String {
        let one = ranks.count == 1
        let last = ranks.map { rank in
            let status = watches[rank]?.status ?? Activity.Status()
            let name = one ? "It" : "Rank \(rank)"
            return status.begunCount == 0
                ? " \(name) has not been in a collective yet." : " \(name) last left \(place(status))."
        }
        let number = fewest(waiting)
        let name = waiting.lazy.compactMap { watches[$0]?.status }.first { $0.begunCount == number }?
            .collective.name
        return
            "\(RankReport.origin(of: ranks.map(located), groupSize: hosts.count)) \(one ? "has" : "have") not "
            + "joined \(name ?? "") (collective \(number)), in which \(RankReport.origin(of: waiting.map(located))) "
            + "\(waiting.count == 1 ? "has" : "have") waited for \(seconds): \(one ? "it hangs, or is" : "they hang, or are") "
            + "busy without a sign of progress." + last.joined()
    }

    /// Seconds in words.
    private var seconds: String {
        limit == limit.rounded() ? "\(Int(limit)) s" : "\(limit) s"
    }

    private func located(_ rank: Int) -> (rank: Int, host: String) { (rank, hosts[rank]) }

    private func fewest(_ ranks: [Int]) -> Int64 {
        ranks.compactMap { watches[$0]?.status.begunCount }.min() ?? 0
    }

    private func place(_ status: Activity.Status) -> String {
        "\(status.collective.name) (collective \(status.begunCount))"
    }

    /// For example `ranks 0, 2 on host a in all-reduce (collective 12)`.
    private func places(_ ranks: [Int]) -> String {
        var texts: [String] = []
        var ranksByText: [String: [Int]] = [:]
        for rank in ranks {
            let text = "in \(place(watches[rank]?.status ?? Activity.Status()))"
            if ranksByText[text] == nil { texts.append(text) }
            ranksByText[text, default: []].append(rank)
        }
        return texts.map { text in
            "\(RankReport.origin(of: (ranksByText[text] ?? []).map(located))) \(text)"
        }.joined(separator: "; ")
    }
}
