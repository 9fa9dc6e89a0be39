internal import ProcessGroups

/// What the all-reduce of a bucket goes through, stage by stage. A stage begins when a rank advances the all-reduce and
/// finds the one before complete.
struct BucketStage: Equatable {
    /// Seconds of this rank's processor at the beginning.
    var processor = 0.0
    /// Bytes that the host then sends.
    var linkBytes = 0.0
    /// Seconds until what was sent last is there.
    var latency = 0.0
}

extension ScaleSetting {
    /// The stages for a bucket of so many bytes of 32-bit numbers.
    func stages(bucketBytes bytes: Int, _ costs: CommunicationCosts) -> [BucketStage] {
        guard rankCount > 1 else { return [] }
        return isTwoLevel ? twoLevelStages(Double(bytes), costs) : flatStages(Double(bytes), costs)
    }

    private var wireShare: Double { Double(wireFormat.elementBytes) / 4 }

    /// As in `MPITwoLevelAllReduce`: a copy into shared memory, a barrier, the sum of this rank's part over the host, the
    /// all-reduce of that part between hosts, a barrier, a copy back.
    private func twoLevelStages(_ bytes: Double, _ costs: CommunicationCosts) -> [BucketStage] {
        let copying = bytes * costs.copySeconds(ranks: ranks)
        let summing = bytes * costs.sumSeconds(ranks: ranks)
        var barrier = [BucketStage](
            repeating: BucketStage(latency: costs.localLatency), count: Self.rounds(ranks))
        let part = bytes / Double(ranks)
        var lane = crossing(part, peers: hosts - 1, hostBytes: bytes, costs)
        let sharing = barrier
        barrier[0].processor += copying
        lane[0].processor += summing
        return barrier + lane + sharing + [BucketStage(processor: copying)]
    }

    /// As in `MPIBackgroundAllReduce` over all ranks: a reduce-scatter and an all-gather.
    private func flatStages(_ bytes: Double, _ costs: CommunicationCosts) -> [BucketStage] {
        let remote = Double(rankCount - ranks) / Double(rankCount)
        var stages = crossing(
            bytes, peers: rankCount - ranks, hostBytes: bytes * Double(ranks), costs, remoteShare: remote)
        // What stays on the host is copied in and out of shared memory, both times.
        let local = Double(ranks - 1) / Double(rankCount)
        let copying = 2 * bytes * local * costs.copySeconds(ranks: ranks)
        let count = stages.count
        stages[0].processor += copying
        stages[count / 2].processor += copying
        return stages
    }

    /// A reduce-scatter and an all-gather of a rank's bytes with peers on other hosts.
    ///
    /// - Parameters:
    ///   - bytes: This rank's, of 32-bit numbers.
    ///   - peers: Ranks of other hosts that this one exchanges with.
    ///   - hostBytes: Those of all ranks of the host.
    ///   - remoteShare: The share that leaves the host; nil: all but the host's own part.
    private func crossing(
        _ bytes: Double, peers: Int, hostBytes: Double, _ costs: CommunicationCosts,
        remoteShare: Double? = nil
    ) -> [BucketStage] {
        let share = remoteShare ?? Double(hosts - 1) / Double(hosts)
        let sent = bytes * wireShare * share
        let sending = Double(peers) * costs.messageSeconds + sent * costs.byteSeconds
        let converting = wireFormat == .bfloat16 ? bytes * costs.copySeconds(ranks: ranks) : 0
        let adding = bytes * costs.sumSeconds(ranks: ranks)
        // A large message asks the receiver first, which answers when it advances.
        let isLarge = peers > 0 && sent / Double(peers) > Double(costs.eagerBytes)
        let asking =
            isLarge ? [BucketStage](repeating: BucketStage(latency: costs.networkLatency), count: 2) : []
        let latency = hosts > 1 ? costs.networkLatency : costs.localLatency
        func exchange(_ processor: Double) -> [BucketStage] {
            var stages =
                asking + [BucketStage(linkBytes: hostBytes * wireShare * share, latency: latency)]
            stages[0].processor = processor
            return stages
        }
        return exchange(sending + converting) + exchange(adding + sending)
            + (converting > 0 ? [BucketStage(processor: converting)] : [])
    }

    /// Rounds of an exchange in which the ranks that know double each time: `⌈log₂ n⌉`.
    static func rounds(_ count: Int) -> Int {
        count <= 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount
    }
}
