import ProcessGroups
import Runs
import Testing
import Training

/// The step that is played on a cluster, as a function of numbers.
@Suite struct StepSimulationTests {
    /// A step of 1 s: statistics forward and backward, four gradients of 10 MB, totals and optimizer.
    static func trace(statistics: Int = 0, deviation: Double = 0, head: Int = 0) -> StepTrace {
        typealias Interval = StepTrace.Interval
        var intervals = [Interval(seconds: 0.4, deviation: deviation, event: .sum(bytes: 64))]
        for _ in 0..<statistics { intervals.append(Interval(seconds: 0, event: .sum(bytes: 4096))) }
        for _ in 0..<4 {
            intervals.append(Interval(seconds: 0.14, event: .ready(bytes: 10_000_000)))
            for _ in 0..<statistics / 4 {
                intervals.append(Interval(seconds: 0, event: .sumBegun(bytes: 4096)))
                intervals.append(Interval(seconds: 0, event: .sumAwaited))
            }
        }
        intervals.append(Interval(seconds: 0, event: .gradientsAwaited))
        intervals.append(Interval(seconds: 0, event: .sum(bytes: 64)))
        intervals.append(Interval(seconds: 0.04, event: .end))
        return StepTrace(localBatch: 8, headBytes: head, intervals: intervals)
    }

    /// Communication that costs nothing but what the link takes.
    private static var free: CommunicationCosts {
        var costs = CommunicationCosts()
        (costs.networkLatency, costs.localLatency, costs.payloadShare) = (0, 0, 1)
        (costs.messageSeconds, costs.byteSeconds) = (0, 0)
        (costs.copySeconds, costs.sumSeconds) = (0, 0)
        (costs.pauseSeconds, costs.wakeSeconds) = (1e-4, 0)
        return costs
    }

    static func setting(
        _ hosts: Int, _ ranks: Int, _ gigabits: Double, _ overlap: OverlapStrategy = .thread,
        _ format: WireFormat = .float32, bucketBytes: Int? = 1 << 18
    ) -> ScaleSetting {
        var setting = ScaleSetting(hosts: hosts, ranks: ranks, gigabits: gigabits)
        (setting.overlap, setting.wireFormat, setting.bucketBytes) = (overlap, format, bucketBytes)
        return setting
    }

    private static let clusters = [(1, 1), (1, 4), (2, 1), (3, 1), (2, 2), (5, 3), (8, 32), (512, 32)]

    @Test(arguments: clusters, OverlapStrategy.allCases)
    func withoutLatencyAndWithAnInfiniteLinkNothingIsLost(
        cluster: (hosts: Int, ranks: Int), overlap: OverlapStrategy
    ) {
        let trace = Self.trace(statistics: 8)
        let step = StepSimulation.predict(
            trace, Self.setting(cluster.hosts, cluster.ranks, 1e12, overlap), Self.free)
        #expect(abs(step.seconds - 1) < 1e-5, "\(step)")
        #expect(abs(trace.seconds - 1) < 1e-12 && trace.gradientBytes == 40_000_000)
    }

    @Test func aSingleRankIsWhatWasMeasured() {
        let step = StepSimulation.predict(
            Self.trace(statistics: 8, deviation: 0.1), Self.setting(1, 1, 1), CommunicationCosts())
        #expect(step.seconds == step.computing && abs(step.seconds - 1) < 1e-12)
    }

    /// Without overlap the link's bytes follow the backward pass, one after the other.
    @Test(arguments: [(2, 1), (3, 1), (2, 2), (4, 8)], WireFormat.allCases)
    func theLinkCarriesTwiceAllBytesButAHostsPart(
        cluster: (hosts: Int, ranks: Int), format: WireFormat
    ) {
        let (trace, hosts) = (Self.trace(), Double(cluster.hosts))
        let setting = Self.setting(cluster.hosts, cluster.ranks, 1, .none, format)
        let wire = 40e6 * (format == .float32 ? 1 : 0.5)
        let bytes = 2 * (hosts - 1) / hosts * wire
        #expect(abs(setting.hostBytes(gradientBytes: trace.gradientBytes) - bytes) < 1e-3)
        let bare = StepSimulation.bareAllReduce(trace, setting, Self.free)
        #expect(abs(bare - 8 * bytes / 1e9) < 1e-6, "\(bare)")
        let step = StepSimulation.predict(trace, setting, Self.free)
        #expect(abs(step.gradients - bare) < 1e-6 && step.statistics < 1e-4, "\(step)")
    }

    /// Flat, each of a host's ranks sends all of it.
    @Test func flatSendsTimesTheRanksOfAHost() {
        var setting = Self.setting(2, 4, 1, .none)
        let levels = StepSimulation.bareAllReduce(Self.trace(), setting, Self.free)
        setting.isFlat = true
        let flat = StepSimulation.bareAllReduce(Self.trace(), setting, Self.free)
        #expect(abs(flat / levels - 4) < 1e-6)
        #expect(setting.hostBytes(gradientBytes: 1000) == 4000)
    }

    @Test(arguments: clusters, OverlapStrategy.allCases)
    func aFasterLinkIsNeverSlower(cluster: (hosts: Int, ranks: Int), overlap: OverlapStrategy) {
        let costs = CommunicationCosts()
        let trace = Self.trace(statistics: 40)
        var last = Double.infinity
        for gigabits in [0.1, 0.4, 1.6, 6.4, 25.6, 102.4] {
            let step = StepSimulation.predict(
                trace, Self.setting(cluster.hosts, cluster.ranks, gigabits, overlap), costs)
            // How long ranks wait for each other depends on where in the step a thread advances.
            let seconds = step.seconds - step.stragglers
            // A rank that finds other buckets complete takes them in another order, and a thread that wakes at other
            // moments finds them a pause earlier or later.
            let slack = overlap == .thread ? 2 * costs.pauseSeconds : 2e-3
            #expect(seconds <= last + slack, "\(gigabits) Gbit/s")
            last = seconds
        }
    }

    @Test(arguments: clusters, OverlapStrategy.allCases)
    func whatIsExposedIsPartOfTheWhole(cluster: (hosts: Int, ranks: Int), overlap: OverlapStrategy) {
        let trace = Self.trace(statistics: 8)
        for gigabits in [0.1, 1, 25] {
            let setting = Self.setting(cluster.hosts, cluster.ranks, gigabits, overlap)
            let step = StepSimulation.predict(trace, setting, CommunicationCosts())
            let bare = StepSimulation.bareAllReduce(trace, setting, CommunicationCosts())
            #expect(step.gradients <= bare * (1 + 1e-9) + 1e-9, "\(step), \(bare)")
            #expect(step.gradients >= 0 && step.statistics >= 0 && step.advances >= 0)
            let shared = setting.hosts == 1
            #expect(shared || bare >= setting.hostBytes(gradientBytes: 40_000_000) * 8 / gigabits / 1e9)
        }
    }

    @Test func overlappingSavesWhatTheBackwardPassHides() {
        let costs = CommunicationCosts()
        // 0.34 s on the link, of which all but the last gradient's part can hide behind 0.42 s.
        let steps = OverlapStrategy.allCases.map {
            StepSimulation.predict(Self.trace(), Self.setting(2, 1, 1, $0), costs)
        }
        #expect(steps[0].gradients > 0.33 && steps[2].gradients < 0.1, "\(steps)")
        #expect(steps[2].seconds < steps[0].seconds)
    }

    @Test func moreRanksAndHostsCostMore() {
        let trace = Self.trace(statistics: 40, deviation: 0.01)
        var last = 0.0
        for hosts in [1, 2, 4, 8, 16, 64, 256] {
            let step = StepSimulation.predict(trace, Self.setting(hosts, 4, 10, .none), CommunicationCosts())
            #expect(step.seconds > last, "\(hosts) hosts")
            last = step.seconds
        }
    }

    /// Expected maxima of 2, 4, 16 and 100 normally distributed numbers: 0.564, 1.029, 1.766, 2.508.
    @Test(arguments: [(2, 0.564), (4, 1.029), (16, 1.766), (100, 2.508)])
    func ranksWaitForTheSlowest(ranks: Int, expected: Double) {
        let step = StepSimulation.predict(
            Self.trace(deviation: 0.1), Self.setting(1, ranks, 1), Self.free)
        #expect(abs(step.stragglers - 0.1 * expected) < 0.003, "\(step)")
    }

    /// Ranks whose threads advance at other moments wait for each other, at most for as long as all advances take again and
    /// again; those that advance at the same places do not.
    @Test func threadsThatAdvanceAtOtherMomentsAreWaitedFor() {
        let costs = CommunicationCosts()
        let steps = [(1, OverlapStrategy.thread), (2, .thread), (64, .thread), (64, .none), (64, .polling)]
            .map {
                StepSimulation.predict(Self.trace(statistics: 40), Self.setting($0.0, 1, 25, $0.1), costs)
            }
        #expect(steps[0].stragglers == 0 && steps[3].stragglers == 0 && steps[4].stragglers == 0)
        #expect(steps[1].stragglers > 0 && steps[1].stragglers < steps[1].advances, "\(steps[1])")
        #expect(steps[2].stragglers > 0 && steps[2].stragglers < 2 * steps[2].advances, "\(steps[2])")
    }

    @Test func withoutStatisticsOthersAreAwaitedLess() {
        var trace = Self.trace(statistics: 4, deviation: 0.03)
        trace.intervals[1].deviation = 0.04
        let local = trace.withLocalStatistics
        #expect(abs(local.seconds - trace.seconds) < 1e-12 && local.gradientBytes == trace.gradientBytes)
        #expect(abs(local.deviation - 0.05) < 1e-12 && abs(trace.deviation - 0.07) < 1e-12)
        let events = local.intervals.map(\.event)
        #expect(
            events.count == 7 && events[4] == .gradientsAwaited && events[5] == .sum(bytes: 64), "\(events)")
        #expect(abs(local.intervals[0].seconds - 0.54) < 1e-12)
    }

    @Test func aStepBetweenTwoIsLinear() throws {
        let few = Self.trace()
        var many = few.scaled(by: 3)
        many.localBatch = 24
        let middle = try #require(few.interpolated(with: many, localBatch: 16))
        #expect(middle.localBatch == 16 && abs(middle.seconds - 2) < 1e-12)
        #expect(middle.gradientBytes == few.gradientBytes)
        #expect(few.interpolated(with: few, localBatch: 3) == nil)
        many.intervals.removeLast()
        #expect(few.interpolated(with: many, localBatch: 16) == nil)
    }

    @Test func mediansAreTakenAndGradientsJoined() {
        let events: [StepTrace.Event] = [
            .sum(bytes: 8), .ready(bytes: 4), .ready(bytes: 6), .gradientsAwaited, .end,
        ]
        let steps = [[1, 0.5, 1e-6, 0, 1], [2, 0.5, 1e-6, 0, 1], [9, 0.5, 1e-6, 0, 1]]
        let whole = StepTrace(localBatch: 1, microBatches: 1, headBytes: 4, events: events, steps: steps)
        #expect(whole.intervals.map(\.event) == events)
        // Steps that took longer have the same events.
        var slower = whole.scaled(by: 1000)
        slower.localBatch = 9
        #expect(whole.interpolated(with: slower, localBatch: 5) != nil)
        let trace = whole.joined
        #expect(trace.intervals.map(\.event) == [.sum(bytes: 8), .ready(bytes: 10), .gradientsAwaited, .end])
        #expect(trace.intervals[0].seconds == 2)
        // 1.4826 times the median of 1, 0 and 7, times what three numbers lack.
        #expect(abs(trace.intervals[0].deviation - 1.4826 * 1.495) < 1e-9)
        #expect(trace.intervals[2].deviation < 1e-9)
    }

    /// Statistics of 512 hosts take 9 rounds between hosts in two levels, 4096 bytes of a host each; flat 32 times the bytes.
    @Test func statisticsGoInTwoLevels() {
        var costs = Self.free
        costs.networkLatency = 1e-3
        var setting = Self.setting(512, 32, 1, .none)
        let levels = StepSimulation.predict(Self.trace(statistics: 4), setting, costs).statistics
        setting.isFlat = true
        let flat = StepSimulation.predict(Self.trace(statistics: 4), setting, costs).statistics
        // Forward 4, backward 4 and totals 2: of these the backward ones twice as many rounds where they are flat.
        let (round, sent) = (1e-3, 4096 * 8 / 1e9)
        let expected: Double = 72 * (round + sent) + 18 * (round + sent / 64)
        #expect(abs(levels - expected) < 1e-6, "\(levels)")
        let least: Double = 36 * (round + 32 * sent) + 72 * round
        #expect(flat > least, "\(flat)")
    }

    /// 32 KiB of gradients for each peer: all ranks, or in two levels the hosts.
    @Test(arguments: [
        (2, 1, false, 1 << 18), (64, 1, false, 1 << 21), (2, 32, false, 1 << 18), (512, 32, false, 1 << 24),
        (512, 32, true, 1 << 29), (1, 32, false, 1 << 20),
    ])
    func bucketsGrowWithPeers(hosts: Int, ranks: Int, isFlat: Bool, bytes: Int) {
        var setting = ScaleSetting(hosts: hosts, ranks: ranks, gigabits: 10)
        setting.isFlat = isFlat
        #expect(setting.chosenBucketBytes == bytes)
    }

    /// What processors take of an all-reduce comes back out of its seconds.
    @Test(arguments: [(2, 1), (2, 4), (3, 2)])
    func bytesCostWhatTheyWereMadeOf(hosts: Int, ranks: Int) {
        let costs = CommunicationCosts()
        let (bytes, all, local) = (4e6, Double(hosts * ranks), Double(ranks))
        let remote: Double = 2 * (all - local) / all * bytes
        let copied: Double = 4 * (local - 1) / all * bytes
        let messages: Double = 2 * (all - local)
        var seconds = remote * 2e-9 + messages * costs.messageSeconds
        seconds += bytes * costs.sumSeconds + copied * costs.copySeconds
        let found = costs.byteSeconds(
            ofAllReduce: 4_000_000, processorSeconds: seconds, hosts: hosts, ranks: hosts * ranks)
        #expect(abs(found - 2e-9) < 1e-15)
        #expect(costs.byteSeconds(ofAllReduce: 4, processorSeconds: 0, hosts: 2, ranks: 2) == 0)
    }
}
