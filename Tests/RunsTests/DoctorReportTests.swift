import Hosts
import Runs
import Testing

/// What the doctor advises, as a function of what was found.
@Suite struct DoctorReportTests {
    /// A rank of a host with four cores that nothing is wrong with.
    private static func rank(
        host: String = "a", cores: [Int] = [0, 1, 2, 3], hostCores: Int = 4, quota: Double? = nil,
        threads: Int = 4, siblings: [Int]? = nil, mpi: String = "Open MPI v4.1.4", oneDNN: String = "2.6.3",
        available: Int64 = 8 << 30, instructions: String = "AVX2"
    ) -> RankFacts {
        RankFacts(
            placement: .init(
                host: host, cores: cores, hostCoreCount: hostCores, processorQuota: quota,
                threadCount: threads),
            physicalCores: siblings ?? cores,
            software: SoftwareVersions(ballast: "1.0.0", mpi: mpi, oneDNN: oneDNN, openBLAS: "OpenBLAS"),
            memory: HostMemory(total: 16 << 30, available: available),
            processor: Processor(model: "EPYC", instructions: instructions))
    }

    private static func report(_ ranks: [RankFacts]) -> DoctorReport {
        DoctorReport(DoctorFacts(launcher: nil, ranks: ranks))
    }

    private static func step(
        seconds: Double = 1, communication: Double = 0, ranks: Int = 1, peak: Int64 = 1 << 30
    ) -> StepFacts {
        StepFacts(
            title: "resnet50, bss", globalBatch: 48,
            parts: .init(
                data: 0, forward: 0.2, backward: 0.3, communication: communication, optimizer: 0.01),
            stepSeconds: seconds, parameterCount: 25_000_000, stateCount: 25_000_000, checkpointCount: 5,
            peakBytes: Array(repeating: peak, count: ranks), stepsPerEpoch: 100, epochs: 3,
            evaluationSecondsPerImage: 0.1, hasPreparation: false)
    }

    private static func data(seconds: Double = 0.1) -> DataFacts {
        DataFacts(
            trainingCount: 4800, validationCount: 500, testCount: nil, classCount: 10,
            imageSize: [3, 224, 224], rankBatch: 48, stepSeconds: seconds)
    }

    @Test func aHostWithAThreadACoreIsReady() {
        let report = Self.report([Self.rank()])
        #expect(report.findings.isEmpty)
        #expect(report.text.hasSuffix("\nready"))
    }

    @Test func processorsThatDifferAreAdviceAndStandInTheTable() throws {
        let report = Self.report([Self.rank(), Self.rank(host: "b", instructions: "AVX-512")])
        let finding = try #require(report.findings.first)
        #expect(report.findings.count == 1 && finding.exitCode == nil)
        #expect(finding.subject == "processors")
        #expect(finding.found == "a has EPYC with AVX2, b has EPYC with AVX-512")
        #expect(report.text.contains("b  EPYC with AVX-512\n"))
        #expect(Self.report([Self.rank(), Self.rank(host: "b")]).findings.isEmpty)
    }

    /// Whether each of three ranks on two hosts multiplies `bfloat16`, what the configuration says, and what is said.
    static let precisions: [(fast: [Bool], precision: Precision?, words: String, isAdvised: Bool)] = [
        ([true, true, true], .bfloat16, "every host has AVX512-BF16 or AMX", false),
        ([true, true, false], .bfloat16, "1 host without AVX512-BF16 or AMX", true),
        ([false, false, false], .bfloat16, "no host has AVX512-BF16 or AMX", true),
        ([false, false, false], .auto, "no host has", false),
        ([false, false, false], nil, "no host has", false),
    ]

    @Test(arguments: precisions)
    func thePrecisionIsThatOfTheProcessors(
        fast: [Bool], precision: Precision?, words: String, isAdvised: Bool
    ) {
        let ranks = [Self.rank(threads: 2), Self.rank(threads: 2), Self.rank(host: "b")]
        let report = DoctorReport(
            DoctorFacts(launcher: nil, ranks: ranks, multipliesBFloat16: fast, precision: precision))
        #expect(report.text.contains(words))
        let findings = report.findings.filter { $0.subject == "training.precision" }
        #expect(findings.count == (isAdvised ? 1 : 0) && findings.allSatisfy { $0.exitCode == nil })
    }

    @Test func threadsOfARankThatIsPinnedToFewerCoresKeepARunFromStarting() throws {
        let report = Self.report([
            Self.rank(cores: [0], threads: 2), Self.rank(cores: [1], threads: 2),
        ])
        let finding = try #require(report.failures.first)
        #expect(report.findings.count == 1 && finding.exitCode == 64)
        #expect(finding.subject == "cores of a")
        #expect(finding.found == "ranks 0-1 compute with 2 threads each and may use 1 core")
        #expect(finding.remedy.contains("--bind-to none") && finding.remedy.contains("OMP_NUM_THREADS=1"))
        #expect(report.text.hasSuffix("\nnot ready: 1 failure"))
    }

    /// Ranks, and what is said of their cores; nil where all is well.
    static let placements: [(ranks: [RankFacts], found: String?)] = [
        ([rank(threads: 64)], "rank 0 computes with 64 threads and may use 4 cores (0-3)"),
        ([rank(threads: 2), rank(threads: 2)], nil),
        ([rank(threads: 4), rank(threads: 4)], "8 threads of 2 ranks share 4 cores (0-3)"),
        // Pinned to the same core, though there are others.
        (
            [rank(cores: [1], threads: 1), rank(cores: [1], threads: 1), rank(cores: [2, 3], threads: 1)],
            "2 threads of 3 ranks share 1 core (1)"
        ),
        ([rank(threads: 1)], "3 cores of 4 idle: 1 rank with 1 thread"),
        ([rank(threads: 1), rank(threads: 1)], "2 cores of 4 idle: 2 ranks with 2 threads in all"),
        // Hardware threads: four numbers are two cores.
        ([rank(threads: 2, siblings: [0, 0, 2, 2])], nil),
        (
            [rank(quota: 2, threads: 4)],
            "4 threads of 1 rank share the time of 2.00 cores, which the control group allows"
        ),
        ([rank(quota: 2, threads: 2)], nil),
        ([rank(cores: [0, 1], threads: 2)], "2 cores of 4 may be used by no rank"),
    ]

    @Test(arguments: placements) func coresAreNeitherSharedNorIdle(ranks: [RankFacts], found: String?) {
        #expect(Self.report(ranks).findings.map(\.found) == (found.map { [$0] } ?? []))
        #expect(Self.report(ranks).failures.isEmpty)
    }

    @Test func hostsHaveTheSameVersions() {
        let other = Self.report([Self.rank(), Self.rank(host: "b", mpi: "Open MPI v5.0.1")])
        #expect(other.failures.map(\.found) == ["a has Open MPI v4.1.4, b has Open MPI v5.0.1"])
        #expect(other.failures.first?.exitCode == 64)
        let digits = Self.report([Self.rank(), Self.rank(host: "b", oneDNN: "3.0.0")])
        #expect(digits.failures.isEmpty)
        #expect(digits.findings.map(\.subject) == ["oneDNN versions"])
    }

    @Test func hostsHaveAsManyRanks() {
        let uneven = [Self.rank(threads: 2), Self.rank(threads: 2), Self.rank(host: "b")]
        #expect(Self.report(uneven).findings.map(\.found) == ["a has 2 ranks, b has 1"])
    }

    private static func allReduces(seconds: Double, hosts: [String], links: [NetworkLink]) -> DoctorReport {
        DoctorReport(
            DoctorFacts(
                launcher: "PMIX_RANK", ranks: hosts.map { rank(host: $0, threads: $0 == "a" ? 4 : 4) },
                allReduces: [AllReduceTiming(messageBytes: 64 << 20, seconds: seconds)],
                links: hosts.map { _ in links }))
    }

    @Test func allReducesAreAsFastAsAGigabit() {
        let link = NetworkLink(name: "eth0", sentBytes: 200 << 20)
        #expect(Self.allReduces(seconds: 0.5, hosts: ["a", "b"], links: [link]).findings.isEmpty)
        let slow = Self.allReduces(seconds: 0.6, hosts: ["a", "b"], links: [link])
        #expect(slow.findings.map(\.found) == ["messages of 64 MiB go at 0.89 Gbit/s"])
        #expect(slow.failures.isEmpty)
        // Of four ranks, each sends one and a half times the message.
        let four = Self.allReduces(seconds: 0.6, hosts: ["a", "b", "c", "d"], links: [link])
        #expect(four.findings.isEmpty)
    }

    @Test func allReducesGoOverTheFastestInterface() {
        let slow = NetworkLink(name: "eth0", sentBytes: 200 << 20, megabitsPerSecond: 1000)
        let fast = NetworkLink(name: "eth1", sentBytes: 4000, megabitsPerSecond: 10000)
        let report = Self.allReduces(seconds: 0.1, hosts: ["a", "b"], links: [slow, fast])
        #expect(report.findings.map(\.subject) == ["network of a", "network of b"])
        #expect(report.findings[0].remedy.contains("btl_tcp_if_include eth1"))
        let loopback = NetworkLink(name: "lo", sentBytes: 200 << 20)
        let strange = Self.allReduces(seconds: 0.1, hosts: ["a", "b"], links: [loopback])
        #expect(strange.findings.first?.found == "the all-reduces went over the loopback interface lo")
        // On one host, that is where they belong.
        #expect(!Self.allReduces(seconds: 0.1, hosts: ["a"], links: [loopback]).text.contains("network of"))
    }

    @Test func memoryDiskAndDataSuffice() {
        func subjects(available: Int64 = 8 << 30, free: Int64 = 8 << 30, reading: Double = 0.1) -> [String] {
            DoctorReport(
                DoctorFacts(
                    launcher: nil, ranks: [Self.rank(available: available)],
                    output: OutputFacts(
                        path: "/r/x", existingFolder: "/r", freeBytes: free, flushSeconds: 0.01),
                    data: Self.data(seconds: reading), step: Self.step())
            ).findings.map(\.subject)
        }
        #expect(subjects() == [])
        #expect(subjects(available: 1 << 30) == ["memory of a"])
        // Five times three times 100 MB.
        #expect(subjects(free: 1_499_999_999) == ["disk"])
        #expect(subjects(free: 1_500_000_000) == [])
        #expect(subjects(reading: 1.1) == ["data"])
    }

    @Test func allReducesTakeLessThanAThirdOfAStep() {
        func subjects(_ communication: Double) -> [String] {
            DoctorReport(
                DoctorFacts(
                    launcher: nil, ranks: [Self.rank(threads: 2), Self.rank(threads: 2)],
                    step: Self.step(communication: communication, ranks: 2))
            ).findings.map(\.subject)
        }
        #expect(subjects(0.25) == [])
        #expect(subjects(0.26) == ["step"])
    }

    @Test func theRunIsEstimatedFromStepsAndEvaluation() {
        let report = DoctorReport(
            DoctorFacts(launcher: nil, ranks: [Self.rank()], data: Self.data(), step: Self.step()))
        // 100 steps of 1 s and 500 images of 0.1 s; three times.
        #expect(
            report.text.contains("about 2 min 30 s: 100 steps and 50.00 s of evaluation"), "\(report.text)")
        #expect(report.text.contains("about 7 min 30 s: 3 epochs"))
        #expect(report.text.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(report.text)")
    }
}
