import Foundation
import ProcessGroups
import Runs
import Testing
import Training

/// What is planned for a cluster from the steps that are played on it, and the option that names the cluster.
@Suite struct ScalePlanTests {
    private static func job(_ statistics: Int = 0, gain: Double? = nil, hostBytes: Double = 0) -> PlanJob {
        var larger = StepSimulationTests.trace(statistics: statistics).scaled(by: 2)
        larger.localBatch = 16
        return PlanJob(
            title: "job", traces: [StepSimulationTests.trace(statistics: statistics), larger],
            threads: gain == nil ? 1 : 2,
            threadGain: gain, costs: CommunicationCosts(), trainedImages: 1_000_000, globalBatch: 48,
            rankBytes: 1e9, imageBytes: 1e8, hostBytes: hostBytes)
    }

    @Test func aHostAloneIsItsOwnMeasure() throws {
        let plan = ScalePlan(Self.job(), PlanRequest(hosts: 1, ranks: 1, gigabits: 1))
        let row = try #require(plan.rows.first { $0.best.localBatch == 8 }?.configured)
        #expect(row.efficiency == 1 && abs(row.stepSeconds - 1) < 1e-9 && row.hostBytes == 0)
        #expect(abs(row.imagesPerSecond - 8) < 1e-6)
        #expect(abs(row.hours - 1_000_000 / 8.0 / 3600) < 1e-6)
        #expect(plan.configured?.localBatch == 48)
    }

    @Test func moreImagesARankHideMore() throws {
        let plan = ScalePlan(Self.job(8), PlanRequest(hosts: 8, ranks: 4, gigabits: 1))
        let best = plan.rows.map(\.best)
        #expect(best.map(\.localBatch) == [2, 4, 8, 16, 32, 64])
        for (few, many) in zip(best, best.dropFirst()) { #expect(few.efficiency < many.efficiency + 1e-3) }
        for pair in plan.rows {
            let configured = try #require(pair.configured)
            #expect(pair.best.imagesPerSecond >= configured.imagesPerSecond * (1 - 1e-9))
        }
        let reaching = try #require(plan.reaching)
        #expect(reaching.efficiency >= ScalePlan.goal)
        #expect(plan.configured?.globalBatch == 64)
    }

    @Test func moreRanksThanSamplesAndTooLittleMemory() {
        let plan = ScalePlan(Self.job(), PlanRequest(hosts: 64, ranks: 4, gigabits: 10))
        #expect(plan.configured == nil && plan.rows.count == 5)
        let small = ScalePlan(Self.job(hostBytes: 4e9), PlanRequest(hosts: 2, ranks: 2, gigabits: 10))
        #expect(small.rows.map(\.best.localBatch) == [4, 8] && small.configured == nil)
        // Four cores have as much for each as one has here.
        var larger = Self.job(hostBytes: 4e9)
        larger.hostCores = 1
        #expect(
            larger.fits(ranks: 2, threads: 2, localBatch: 64)
                && !larger.fits(ranks: 1, threads: 1, localBatch: 64))
        let none = ScalePlan(Self.job(hostBytes: 1e9), PlanRequest(hosts: 2, ranks: 2, gigabits: 10))
        #expect(none.rows.isEmpty && none.reaching == nil)
    }

    /// The search leaves out only what cannot be best: all settings, played one by one, have no better one.
    @Test(arguments: [1.0, 25], [4, 32])
    func noSettingIsBetterThanTheBest(gigabits: Double, localBatch: Int) throws {
        let job = Self.job(8)
        let plan = ScalePlan(job, PlanRequest(hosts: 8, ranks: 4, gigabits: gigabits))
        let best = try #require(plan.rows.first { $0.best.localBatch == localBatch }).best
        let trace = job.trace(localBatch: localBatch, threads: 1)
        func seconds(_ format: WireFormat, _ bucketBytes: Int?, _ overlap: OverlapStrategy) -> Double {
            let setting = StepSimulationTests.setting(
                8, 4, gigabits, overlap, format, bucketBytes: bucketBytes)
            let changes = (format == .float32 ? 0 : 1) + (bucketBytes == nil ? 0 : 1)
            return StepSimulation.predict(trace, setting, job.costs).seconds * (1 + 0.01 * Double(changes))
        }
        let sizes: [Int?] = [nil, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26]
        let all: [Double] = WireFormat.allCases.flatMap { format in
            sizes.flatMap { size in OverlapStrategy.allCases.map { seconds(format, size, $0) } }
        }
        let least = try #require(all.min())
        let found = seconds(
            try #require(WireFormat(rawValue: best.wireFormat)),
            best.setsBucketBytes ? best.bucketBytes : nil,
            try #require(OverlapStrategy(rawValue: best.overlap)))
        #expect(abs(found - least) < 1e-12, "\(best)")
    }

    @Test func coresAreDividedWhereThreadsWereMeasured() throws {
        let slow = ScalePlan(Self.job(8, gain: 1.01), PlanRequest(hosts: 2, ranks: 2, gigabits: 100))
        #expect(slow.rows.allSatisfy { $0.best.ranks == 4 && $0.best.threads == 1 })
        let trace = Self.job(gain: 2).trace(localBatch: 8, threads: 4)
        #expect(abs(trace.seconds - 0.5) < 1e-9)
        // One thread takes 1.5 times as long as two: a third is serial.
        let serial = Self.job(gain: 1.5)
        #expect(abs(serial.trace(localBatch: 8, threads: 1).seconds - 1.5) < 1e-9)
        #expect(abs(serial.trace(localBatch: 8, threads: 4).seconds - 0.75) < 1e-9)
    }

    @Test func theTextSaysWhatToSetAndFits() throws {
        let facts = PlanFacts(
            Self.job(40), [PlanRequest(hosts: 512, ranks: 32, gigabits: 25)], ranks: 1, hosts: 1)
        #expect(facts.text.contains("512 hosts of 32 ranks, 25 Gbit/s"))
        #expect(facts.text.contains("assumptions\n- measured by 1 rank"))
        #expect(facts.text.split(separator: "\n").allSatisfy { $0.count <= 106 }, "\(facts.text)")
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(facts.json().utf8)) as? [String: Any])
        #expect(object.keys.sorted() == ["assumptions", "job", "plans"])
    }

    @Test func whatIsMissingIsNamed() {
        var job = Self.job(40)
        job.costs.networkLatency = 1e-2
        let facts = PlanFacts(
            job, [PlanRequest(hosts: 512, ranks: 32, gigabits: 100)], ranks: 1, hosts: 1)
        let text = facts.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(text.contains("% goes to messages of batch normalization and method"), "\(text)")
        #expect(text.contains("network.batch-norm=local, which changes results, would bring"))
        job.isSynchronized = false
        let others = PlanFacts(job, [PlanRequest(hosts: 512, ranks: 32, gigabits: 100)], ranks: 1, hosts: 1)
        #expect(!others.text.contains("batch-norm=local"))
    }

    @Test func aLineForEachClusterAndPrecision() {
        var other = Self.job()
        (other.precision, other.notices) = ("bfloat16", ["emulated"])
        let clusters = [
            PlanRequest(hosts: 2, ranks: 32, gigabits: 10), PlanRequest(hosts: 512, ranks: 32, gigabits: 25),
        ]
        let text = PlanFacts.text(
            of: [Self.job(), other].map { PlanFacts($0, clusters, ranks: 1, hosts: 1) })
        let lines = text.split(separator: "\n")
        let summary = lines[2..<6].map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
        #expect(
            summary == ["2 10 float32", "2 10 bfloat16", "512 25 float32", "512 25 bfloat16"], "\(text)")
        #expect(lines.allSatisfy { $0.count <= 106 } && lines.contains("- emulated"))
    }

    // MARK: The option

    @Test func clustersAreRead() throws {
        #expect(try PlanRequest("512,32,25") == PlanRequest(hosts: 512, ranks: 32, gigabits: 25))
        #expect(try PlanRequest("1,1,0.1") == PlanRequest(hosts: 1, ranks: 1, gigabits: 0.1))
    }

    static let wrong = [
        ("", "1 part"), ("1e99", "1 part"), ("2,1", "2 parts"), ("2,1,1,1", "4 parts"),
        ("0,2,10", "'0' for HOSTS"),
        ("100001,2,10", "HOSTS"), ("-1,2,10", "HOSTS"), ("99999999999999999999,1,1", "HOSTS"),
        ("2,x,1", "'x' for RANKS"), ("2,0,1", "RANKS"), ("2,1025,1", "RANKS"), ("2,1.5,1", "RANKS"),
        ("2,1,nan", "'nan' for GBIT"), ("2,1,0", "GBIT"), ("2,1,-1", "GBIT"), ("2,1,1e9", "GBIT"),
        ("2,1,0x10", "GBIT"), ("2,1,", "GBIT"), ("2,1,1.2.3", "GBIT"), ("2, 1,1", "RANKS"),
    ]

    @Test(arguments: wrong)
    func wrongClustersAreErrors(text: String, message: String) {
        let error = #expect(throws: UsageError.self) { try PlanRequest(text) }
        #expect(error?.exitCode == 64)
        #expect(error?.description.contains(message) == true, "\(error.map(\.description) ?? "")")
        #expect(error?.description.contains("expected HOSTS,RANKS,GBIT") == true)
    }
}
