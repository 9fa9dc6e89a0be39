package import ProcessGroups
package import Training

/// A cluster, and how a job is laid out on it.
package struct ScaleSetting: Sendable, Hashable {
    package var hosts: Int
    /// Ranks of a host.
    package var ranks: Int
    /// Threads of a rank.
    package var threads = 1
    /// Speed of a host's link, in Gbit/s.
    package var gigabits: Double
    package var wireFormat = WireFormat.float32
    package var overlap = OverlapStrategy.thread
    /// Whether gradients travel flat over all ranks even where two levels would be of use.
    package var isFlat = false
    /// Bytes of a bucket, of 32-bit numbers; nil: as a run chooses them.
    package var bucketBytes: Int?

    package init(hosts: Int, ranks: Int, gigabits: Double) {
        (self.hosts, self.ranks, self.gigabits) = (hosts, ranks, gigabits)
    }

    /// All ranks.
    package var rankCount: Int { hosts * ranks }

    /// Whether gradients travel in two levels.
    var isTwoLevel: Bool { !isFlat && hosts > 1 && ranks > 1 }

    /// Bytes of a bucket.
    package var chosenBucketBytes: Int {
        bucketBytes ?? CommunicationMechanics.bucketBytes(peers: isTwoLevel ? hosts : rankCount)
    }

    /// Seconds that a host's link needs for bytes.
    func linkSeconds(_ bytes: Double, _ costs: CommunicationCosts) -> Double {
        hosts == 1 ? 0 : 8 * bytes / (gigabits * 1e9 * costs.payloadShare)
    }

    /// Bytes that a host sends for the all-reduce of so many bytes of 32-bit numbers.
    ///
    /// In two levels `2 · (H − 1) / H · S`, with S the bytes on the wire; flat, with R ranks a host,
    /// `2 · R · (H·R − R) / (H·R) · S = R` times that.
    package func hostBytes(gradientBytes: Int) -> Double {
        let wire = Double(gradientBytes) * Double(wireFormat.elementBytes) / 4
        let bound = 2 * Double(hosts - 1) / Double(hosts) * wire
        return isTwoLevel ? bound : Double(ranks) * bound
    }
}
