package import Hosts

/// All that the doctor found out, the same on every rank.
package struct DoctorFacts: Sendable {
    /// The variable by which a launcher gave itself away; nil where none started this process.
    var launcher: String?
    /// What each rank knows, in rank order.
    var ranks: [RankFacts]
    /// Whether each rank's processor multiplies `bfloat16` by itself, in rank order; empty where nobody asked.
    var multipliesBFloat16: [Bool]
    /// Times of all-reduces; none where a rank is alone.
    var allReduces: [AllReduceTiming]
    /// What the interfaces of each rank's host sent during the all-reduces, in rank order.
    var links: [[NetworkLink]]
    /// Where the run would write, with a configuration.
    var output: OutputFacts?
    /// The data, where they can be read.
    var data: DataFacts?
    /// What steps cost, where they could be measured.
    var step: StepFacts?
    /// What is expected on other clusters, in each precision that was asked for; on rank 0 alone.
    var plans: [PlanFacts]
    /// What the configuration says of the precision, with one.
    var precision: Precision?
    /// Why a run of the configuration could not start, in the order in which it would fail.
    var failures: [Finding]

    package init(
        launcher: String?, ranks: [RankFacts], multipliesBFloat16: [Bool] = [],
        allReduces: [AllReduceTiming] = [],
        links: [[NetworkLink]] = [],
        output: OutputFacts? = nil, data: DataFacts? = nil, step: StepFacts? = nil, plans: [PlanFacts] = [],
        precision: Precision? = nil,
        failures: [Finding] = []
    ) {
        (self.launcher, self.ranks, self.allReduces, self.links) = (launcher, ranks, allReduces, links)
        (self.multipliesBFloat16, self.precision) = (multipliesBFloat16, precision)
        (self.output, self.data, self.step, self.plans) = (output, data, step, plans)
        self.failures = failures
    }

    /// The ranks by host.
    var hosts: [HostRanks] { HostRanks.all(ranks) }
}
