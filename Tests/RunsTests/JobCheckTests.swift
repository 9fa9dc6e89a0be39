import Hosts
import ImageData
import ProcessGroups
import Regularizers
import Runs
import TestSupport
import Testing

/// What ranks compare before the first step, over ranks that are threads.
@Suite struct JobCheckTests {
    /// The failure that each rank ends with; nil where it has none.
    private static func failures(
        ranks: Int, _ check: @escaping @Sendable (any ProcessGroup) throws -> Void
    ) throws -> [CollectiveFailure?] {
        try ThreadedGroup.run(size: ranks) { group in
            do {
                try check(group)
                return nil
            } catch let failure as CollectiveFailure {
                return failure
            }
        }
    }

    private static func samples(classes: [Int]) throws -> Subset {
        let dataset = try DatasetFile.open(path: goldenPath("trajectory-data.safetensors"))
        return try Subset.training(of: dataset, classes: classes.map { .label($0) })
    }

    @Test(arguments: [1, 2, 3])
    func equalSamplesPass(ranks: Int) throws {
        let failures = try Self.failures(ranks: ranks) { group in
            try JobChecks.checkSamples(Self.samples(classes: [0, 1]), "data.train t", group: group)
            try JobChecks.checkSamples(nil, "data.test", group: group)
        }
        #expect(failures.allSatisfy { $0 == nil })
    }

    /// As many samples of as many classes, but not the same ones; and none at all.
    @Test(arguments: [[0, 2], []])
    func otherSamplesAreNamedOnEveryRank(classes: [Int]) throws {
        let failures = try Self.failures(ranks: 3) { group in
            let own = group.rank == 1 ? classes : [0, 1]
            try JobChecks.checkSamples(
                own.isEmpty ? nil : Self.samples(classes: own), "data.train t", group: group)
        }
        for failure in failures {
            let failure = try #require(failure)
            #expect(failure.exitCode == 65)
            #expect(
                failure.message.hasPrefix("data.train t: ranks see different samples: "), "\(failure.message)"
            )
            #expect(failure.message.contains("of 2 classes, fingerprint "))
            #expect(failure.message == failures[0]?.message)
        }
    }

    @Test func weightsAreComparedByContents() throws {
        let configuration = try RunConfiguration(file: goldenPath("trajectory-fine-tune.yaml"))
        let digests = try ThreadedGroup.run(size: 3) { group in
            try JobChecks.weightsDigest(configuration, group: group)
        }
        #expect(Set(digests).count == 1 && digests[0].wholeMatch(of: /[0-9a-f]{64}/) != nil)
        let absent = try RunConfiguration(
            file: goldenPath("trajectory-fine-tune.yaml"), assignments: ["network.weights=gone.safetensors"])
        let failures = try Self.failures(ranks: 2) { group in
            _ = try JobChecks.weightsDigest(absent, group: group)
        }
        for failure in failures {
            #expect(failure?.exitCode == 74)
            #expect(
                failure?.message.contains("gone.safetensors: cannot be read on the host of rank 0") == true)
        }
        // Rank 0 alone reads it: what others have does not matter, unless each host has files of its own.
        let local = "data.local=true"
        let own = try RunConfiguration(file: goldenPath("trajectory-fine-tune.yaml"), assignments: [local])
        let other = try RunConfiguration(
            file: goldenPath("trajectory-fine-tune.yaml"),
            assignments: ["network.weights=trajectory-data.safetensors", local])
        let unread = try ThreadedGroup.run(size: 2) { group in
            try JobChecks.weightsDigest(group.rank == 0 ? configuration : absent, group: group)
        }
        #expect(Set(unread) == Set(digests))
        let differences = try Self.failures(ranks: 2) { group in
            _ = try JobChecks.weightsDigest(group.rank == 0 ? own : other, group: group)
        }
        for failure in differences {
            #expect(failure?.exitCode == 65)
            #expect(failure?.message.contains("hosts have different files") == true)
        }
    }

    @Test func aMistakeInTheConfigurationReachesEveryRank() throws {
        let file = goldenPath("trajectory-fine-tune.yaml")
        let read = try ThreadedGroup.run(size: 3) { group in
            try RunConfiguration.read(file, assignments: ["training.epochs=7"], for: group)
        }
        let alone = try RunConfiguration(file: file, assignments: ["training.epochs=7"])
        #expect(read.allSatisfy { $0 == alone })
        let failures = try Self.failures(ranks: 3) { group in
            // What the others would read does not count: rank 0 alone does.
            let assignments = group.rank == 0 ? ["training.epochs=no"] : []
            _ = try RunConfiguration.read(file, assignments: assignments, for: group)
        }
        for failure in failures {
            #expect(failure?.exitCode == 64)
            #expect(failure?.message.hasPrefix("--set training.epochs=no: training.epochs is 'no'") == true)
        }
    }

    // MARK: Batches

    private static func training(_ keys: String) throws -> TrainingConfiguration {
        try RunConfiguration(
            text: """
                method: {name: fine-tune}
                network: {name: resnet18}
                data: {train: t}
                training: {\(keys)}
                output: o

                """, file: "run.yaml", directory: "/"
        ).training
    }

    /// Keys of the section, ranks, and the message that they are refused with.
    static let batches: [(keys: String, ranks: Int, message: String?)] = [
        ("global-batch: 4", 4, nil), ("global-batch: 4, accumulation: 2", 2, nil),
        (
            "global-batch: 2", 3,
            "3 ranks are more than the 2 samples of a batch; start at most 2 ranks or raise training.global-batch"
        ),
        (
            "global-batch: 4, accumulation: 2", 3,
            "3 ranks are more than the 2 samples of a batch (global-batch 4 in 2 micro-batches); start at most 2 ranks or raise training.global-batch"
        ),
        (
            "global-batch: 5, accumulation: 2", 1,
            "training.global-batch 5 is not a multiple of training.accumulation 2: micro-batches are equally large; change one of the two"
        ),
    ]

    @Test(arguments: batches)
    func everyRankHasASampleInEveryMicroBatch(keys: String, ranks: Int, message: String?) throws {
        let training = try Self.training(keys)
        var found: String?
        do {
            try BatchCheck.require(training, rankCount: ranks)
        } catch let failure as CollectiveFailure {
            #expect(failure.exitCode == 64)
            found = failure.message
        }
        #expect(found == message)
    }

    @Test func batchesAreWhatTheMethodWorksOn() throws {
        let whole = RegularizerNeeds(wholeBatch: true)
        try BatchCheck.require(whole, of: .bss, Self.training("global-batch: 4"))
        let cut = #expect(throws: CollectiveFailure.self) {
            try BatchCheck.require(whole, of: .bss, Self.training("global-batch: 4, accumulation: 2"))
        }
        #expect(cut?.message.contains("training.accumulation must be 1, not 2") == true)
        let large = RegularizerNeeds(smallestBatch: 5)
        try BatchCheck.require(large, of: .bss, Self.training("global-batch: 5"))
        let small = #expect(throws: CollectiveFailure.self) {
            try BatchCheck.require(large, of: .bss, Self.training("global-batch: 4"))
        }
        #expect(small?.message.hasPrefix("method bss needs batches of at least 5 samples") == true)
        #expect(cut?.exitCode == 64 && small?.exitCode == 64)
    }

    // MARK: Cores

    private static func rank(cores: [Int], threads: Int, host: String = "a", of hostCores: Int = 4)
        -> RankPlacement
    {
        RankPlacement(
            host: host, cores: cores, hostCoreCount: hostCores, processorQuota: nil, threadCount: threads)
    }

    @Test func aRankThatIsPinnedToFewerCoresThanThreadsIsRefused() throws {
        try PlacementCheck.requireCores([
            Self.rank(cores: [0], threads: 1), Self.rank(cores: [1], threads: 1),
        ])
        // Too many threads for the whole machine are slow, but allowed.
        try PlacementCheck.requireCores([Self.rank(cores: [0, 1, 2, 3], threads: 8)])
        let failure = #expect(throws: CollectiveFailure.self) {
            try PlacementCheck.requireCores([
                Self.rank(cores: [0, 1], threads: 2), Self.rank(cores: [2], threads: 2, host: "b"),
            ])
        }
        #expect(failure?.exitCode == 64)
        #expect(
            failure?.message.contains("rank 1 on host b: pinned to 1 core of 4, computes with 2 threads")
                == true,
            "\(String(describing: failure))")
        #expect(failure?.message.contains("rank 0") == false)
    }

    @Test func hostsWithMoreThreadsThanCoresAreSaid() {
        let all = [0, 1, 2, 3]
        let fitting = [Self.rank(cores: all, threads: 2), Self.rank(cores: all, threads: 2)]
        #expect(PlacementCheck.notices(fitting) == [])
        let crowded = [Self.rank(cores: all, threads: 3), Self.rank(cores: all, threads: 2)]
        #expect(
            PlacementCheck.notices(crowded + [Self.rank(cores: all, threads: 4, host: "b")]) == [
                "notice: host a: 2 ranks with 5 threads together on 4 cores; fewer ranks or a smaller OMP_NUM_THREADS would be faster"
            ])
    }
}
