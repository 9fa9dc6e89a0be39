internal import Hosts
internal import Training

/// What a job was measured to cost, what is assumed besides, and the predictions that follow.
package struct PlanFacts: Codable, Sendable, Equatable {
    /// The job, measured.
    package let job: PlanJob
    /// How and with what was measured, and what is assumed, a line each.
    package let assumptions: [String]
    /// A prediction for each cluster, in the order of the options.
    package let plans: [ScalePlan]

    /// - Parameters:
    ///   - job: The job.
    ///   - requests: The clusters.
    ///   - ranks: Ranks that measured.
    ///   - hosts: Hosts that these were on.
    ///   - noteProgress: Called after each cluster, which may take seconds.
    package init(
        _ job: PlanJob, _ requests: [PlanRequest], ranks: Int, hosts: Int, noteProgress: () -> Void = {}
    ) {
        self.job = job
        let predictions = StepPredictions(job)
        plans = requests.map {
            noteProgress()
            return ScalePlan(predictions, $0)
        }
        assumptions = Self.measured(job, ranks: ranks, hosts: hosts) + Self.assumed(job)
    }

    private static func measured(_ job: PlanJob, ranks: Int, hosts: Int) -> [String] {
        let costs = job.costs
        let latency = ranks > 1 ? "measured" : "assumed"
        return job.notices + [
            "measured by \(Units.count(ranks, "rank")) on \(Units.count(hosts, "host")), all at once: steps of "
                + job.traces.map { "\($0.localBatch) (\(DurationText.measured($0.seconds)))" }.joined(
                    separator: " and ")
                + " images a rank without messages, in between and beyond linear",
            "messages between hosts: \(microseconds(costs.networkLatency)) each (\(hosts > 1 ? "measured" : "assumed")), "
                + "\(microseconds(costs.messageSeconds)) and \(nanoseconds(costs.byteSeconds)) a byte of the processor "
                + "(measured, \(hosts > 1 ? "all-reduces between these hosts" : "TCP within this host")); within a host \(microseconds(costs.localLatency)) "
                + "(\(hosts > 1 ? "assumed" : latency))",
            "memory: a rank copies a byte in \(nanoseconds(costs.copySeconds)) and adds one in "
                + "\(nanoseconds(costs.sumSeconds)) (measured); more than \(Int(costs.memoryRanks)) ranks of a host share "
                + (ranks > Int(costs.memoryRanks) ? "it (measured)" : "it (assumed)"),
            "a communication thread takes \(microseconds(costs.wakeSeconds)) of computing each time it wakes (measured)",
            job.checkpointSeconds.map {
                "rank 0 writes a checkpoint in \(DurationText.measured($0)) (measured), beside the steps"
            } ?? "checkpoints are written beside the steps, and take no time of them",
            job.threadGain.map {
                "\(Units.count(job.threads, "thread")) compute \(Units.rate($0)) times as fast as one (measured); other "
                    + "numbers by Amdahl's law"
            }
                ?? "a rank has one thread: other divisions of a host's cores are not compared; more threads would be",
        ]
    }

    private static func assumed(_ job: PlanJob) -> [String] {
        let ranks =
            job.secondsPerRank > 0
            ? [
                "the method computes with what all ranks have: \(microseconds(job.secondsPerRank)) of a step for each rank "
                    + "more (measured at few ranks, assumed to go on like that)"
            ] : []
        return ranks + [
            "hosts are like this one, with as much memory for a core; the other ranks of a host slow a rank down no more than here",
            "\(Units.rate(100 * job.costs.payloadShare)) % of a link's bits are payload, both directions at once, no other "
                + "traffic and no congestion between; small messages wait behind buckets",
            "all-reduces of statistics in two levels: between two barriers of a host's ranks ⌈log₂ hosts⌉ rounds; flat "
                + "over all ranks in ⌈log₂ ranks⌉ rounds forward, twice as many backward, of which the first overlaps",
            "what all-reduces take of a rank's processor is taken from its computing, all of it: every core of a host "
                + "computes",
            "ranks differ at random between two messages by as much as steps did here (sum of deviations "
                + "\(DurationText.measured(job.traces[0].deviation)) a step); disturbances that are rarer than that are not in it",
            "the same images are trained on, whatever the batch: a larger global batch takes fewer steps, and may need "
                + "another learning rate",
        ]
    }

    private static func microseconds(_ seconds: Double) -> String { "\(Units.rate(seconds * 1e6)) µs" }

    private static func nanoseconds(_ seconds: Double) -> String { "\(Units.rate(seconds * 1e9)) ns" }

    /// One JSON object.
    package func json() throws -> String { try JSONText.of(self) }
}
