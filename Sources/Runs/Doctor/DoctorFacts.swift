package import Hosts

/// All that the doctor found out, the same on every rank.
package struct DoctorFacts: Sendable {
    /// The variable by which a launcher gave itself away; nil where none started this process.
    package var launcher: String?
    /// What each rank knows, in rank order.
    package var ranks: [RankFacts]
    /// Sums over the ranks; none where a rank is alone.
    package var sums: [AllReduceTiming]
    /// What the interfaces of each rank's host sent during the sums, in rank order.
    package var links: [[NetworkLink]]
    /// Where the run would write, with a configuration.
    package var output: OutputFacts?
    /// The data, where they can be read.
    package var data: DataFacts?
    /// What steps cost, where they could be measured.
    package var step: StepFacts?
    /// Why a run of the configuration could not start, in the order in which it would fail.
    package var failures: [Finding]

    package init(
        launcher: String?, ranks: [RankFacts], sums: [AllReduceTiming] = [], links: [[NetworkLink]] = [],
        output: OutputFacts? = nil, data: DataFacts? = nil, step: StepFacts? = nil, failures: [Finding] = []
    ) {
        (self.launcher, self.ranks, self.sums, self.links) = (launcher, ranks, sums, links)
        (self.output, self.data, self.step, self.failures) = (output, data, step, failures)
    }

    /// The ranks by host.
    package var hosts: [HostRanks] { HostRanks.all(ranks) }
}
