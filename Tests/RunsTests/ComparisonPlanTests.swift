import Foundation
import Runs
import TestSupport
import Testing

/// What a comparison is made of, and what it refuses.
@Suite struct ComparisonPlanTests {
    private static let configuration = """
        method: {name: bss, trade-off: 0.03}
        network: {name: resnet18, base-width: 8, weights: /data/w.safetensors}
        data: {train: /data/train.safetensors, test: /data/test.safetensors}
        training: {seed: 3}
        output: out

        """

    private static func plan(
        _ methods: String, grid: [String] = [], seeds: Int? = nil, list: String? = nil,
        looks: String? = nil, set: [String] = [], allPairs: Bool = false, margin: Double = 0.5
    ) throws -> ComparisonPlan {
        let folder = try ScratchFolder(configuration: configuration)
        defer { folder.remove() }
        let options = try ComparisonOptions(
            methods: methods, grid: grid, seedCount: seeds, seedList: list, margin: margin,
            comparesAllPairs: allPairs, looks: looks)
        return try ComparisonPlan.read("\(folder.path)/run.yaml", assignments: set, options: options).plan
    }

    @Test func theBaselinesAreAlwaysThere() throws {
        for methods in ["bss,l2-sp", "fine-tune, bss,l2-sp"] {
            let plan = try Self.plan(methods)
            #expect(plan.entries.map(\.name) == ["linear-probe", "fine-tune", "bss", "l2-sp"])
            #expect(plan.seeds == [3, 4, 5, 6, 7] && plan.selectionSeeds.isEmpty)
            #expect(plan.baseline == "fine-tune" && plan.looks == [5])
            // The section of the configuration is that of its own method.
            #expect(plan.entries[2].configuration.contains("trade-off: 0.03\n"))
            #expect(plan.entries[3].configuration.contains("trade-off: 0.01\n"))
            // Nothing but the seed and the folder is left open.
            #expect(plan.entries.allSatisfy { $0.configuration.contains("\noutput: /\n") })
        }
        #expect(try Self.plan("fine-tune").entries.map(\.name) == ["linear-probe", "fine-tune"])
        #expect(try Self.plan("bss", list: "9,2").seeds == [9, 2])
        #expect(try Self.plan("bss", set: ["training.seed=0"]).seeds == [0, 1, 2, 3, 4])
    }

    @Test func aGridHasAllCombinationsOfItsKeys() throws {
        let plan = try Self.plan(
            "bss,lwf", grid: ["method.trade-off=0.1, 0.2", "optimizer.learning-rate=0.01,0.02"], seeds: 3)
        #expect(
            plan.entries.map(\.setting) == [
                [], ["optimizer.learning-rate=0.01"], ["optimizer.learning-rate=0.02"],
                ["method.trade-off=0.1", "optimizer.learning-rate=0.01"],
                ["method.trade-off=0.1", "optimizer.learning-rate=0.02"],
                ["method.trade-off=0.2", "optimizer.learning-rate=0.01"],
                ["method.trade-off=0.2", "optimizer.learning-rate=0.02"],
                ["method.trade-off=0.1", "optimizer.learning-rate=0.01"],
                ["method.trade-off=0.1", "optimizer.learning-rate=0.02"],
                ["method.trade-off=0.2", "optimizer.learning-rate=0.01"],
                ["method.trade-off=0.2", "optimizer.learning-rate=0.02"],
            ])
        #expect(plan.entries[3].name == "bss_method.trade-off=0.1_optimizer.learning-rate=0.01")
        // Fresh seeds confirm what others chose.
        #expect(plan.seeds == [3, 4, 5] && plan.selectionSeeds == [1_000_003, 1_000_004, 1_000_005])
        let clash = try Self.plan("bss", grid: ["method.trade-off=1,2"], list: "1000004,7")
        #expect(clash.selectionSeeds == [1_000_003, 1_000_005, 1_000_006])
        // Commas within brackets are of the value.
        let lists = try Self.plan("delta", grid: ["method.taps=[layer1, layer2],[layer4]"])
        #expect(
            lists.entries.suffix(2).map(\.setting) == [
                ["method.taps=[layer1, layer2]"], ["method.taps=[layer4]"],
            ])
        // What no name of a file can say has a hash in its place.
        let names = lists.entries.suffix(2).map(\.name)
        #expect(names[0].wholeMatch(of: /delta_method\.taps=-layer1--layer2--[0-9a-f]{8}/) != nil, "\(names)")
    }

    /// Options, and what is said of them.
    static let refused: [(methods: String, grid: [String], set: [String], message: String)] = [
        ("bsss", [], [], "--methods: 'bsss' is not a method; did you mean 'bss'? methods: fine-tune, "),
        ("bss,bss", [], [], "names a method twice"),
        ("", [], [], "--methods: '' is not a method"),
        ("bss", ["method.trade-off"], [], "has no '='"),
        ("bss", ["method.trade-off=0.1,,2"], [], "has an empty value"),
        ("bss", ["method.trade-off=1,1"], [], "has a value twice"),
        ("bss", ["method.trade-off=1,1.0"], [], "two of the 2 settings of bss are the same"),
        ("bss", ["method.trade-off=1", "method.trade-off=2"], [], "a key is given twice"),
        ("bss", ["training.seed=1,2"], [], "which 'training.seed' would change"),
        ("bss", ["data.samples-per-class=5,10"], [], "which 'data.samples-per-class' would change"),
        ("bss", ["data.test=a,b"], [], "which 'data.test' would change"),
        ("bss", ["training.best-by=loss,accuracy"], [], "which 'training.best-by' would change"),
        ("bss", ["method.name=bss,lwf"], [], "which 'method.name' would change"),
        ("bss", ["method={name: lwf}"], [], "which 'method' would change"),
        ("bss", ["output=a,b"], [], "which 'output' would change"),
        (
            "bss", ["method.temperature=1,2"], [],
            "none of the methods linear-probe, fine-tune, bss has this key"
        ),
        (
            "bss", ["method.tradeoff=1,2"], [],
            "none of the methods linear-probe, fine-tune, bss has this key; did you mean 'method.trade-off'?"
        ),
        (
            "bss", ["method.trade-off=1,x"], [],
            "--grid method.trade-off=x: method.trade-off is 'x'; expected a number"
        ),
        (
            "bss", ["learning-rate=0.1"], [],
            "no key of a configuration; expected one with its section, such as"
        ),
        ("bss", [".trade-off=1"], [], "--grid .trade-off=1: has an empty key"),
        ("bss", [], ["data.test=null"], "data.test is missing"),
        (
            "bss", [], ["data.validation=/data/test.safetensors"],
            "what is chosen by the test split looks better"
        ),
        (
            "bss", ["method.trade-off=1,2"], ["data.validation=none"],
            "settings are chosen by the validation split"
        ),
        ("bss", [], ["network.weights=null"], "method 'linear-probe' classifies by pretrained features"),
        ("bss", [], ["training.seed=18446744073709551614"], "behind which there are not enough others"),
    ]

    @Test(arguments: refused)
    func whatWouldNotBeAComparisonIsRefused(
        methods: String, grid: [String], set: [String], message: String
    ) throws {
        let error = #expect(throws: (any Error).self) { try Self.plan(methods, grid: grid, set: set) }
        #expect("\(try #require(error))".contains(message), "\(String(describing: error))")
    }

    @Test func wrongOptionsAreRefused() throws {
        func message(_ make: () throws -> ComparisonOptions) throws -> String {
            "\(try #require(#expect(throws: UsageError.self) { try make() }))"
        }
        #expect(try message { try .init(methods: "bss", seedCount: 0) }.contains("--seeds is 0"))
        #expect(
            try message { try .init(methods: "bss", seedCount: 3, seedList: "1") }.contains(
                "give one of the two"))
        #expect(try message { try .init(methods: "bss", seedList: "1,-2") }.contains("'-2' is not a seed"))
        #expect(try message { try .init(methods: "bss", seedList: "1,1") }.contains("each once"))
        #expect(try message { try .init(methods: "bss", margin: .nan) }.contains("--margin is nan"))
        #expect(try message { try .init(methods: "bss", baseline: .bss) }.contains("--baseline is bss"))
        #expect(try message { try .init(methods: "bss", looks: "10,5") }.contains("ascending"))
        #expect(
            try message { try .init(methods: "bss", seedCount: 4, looks: "5,10") }.contains(
                "none of these looks"))
        #expect(
            try message { try .init(methods: "bss", selectionSeedCount: 0) }.contains(
                "--selection-seeds is 0"))
    }

    // MARK: The folder

    private static func begin(_ plan: ComparisonPlan, _ folder: ScratchFolder) throws {
        try ComparisonFolder(path: folder.path + "/c").begin(plan)
    }

    private static func refusal(_ plan: ComparisonPlan, _ folder: ScratchFolder) throws -> String {
        "\(try #require(#expect(throws: UsageError.self) { try begin(plan, folder) }))"
    }

    @Test func afterALookThePlanStays() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let five = try Self.plan("bss")
        try Self.begin(try Self.plan("bss,lwf", seeds: 2), folder)
        // Nothing was seen yet.
        try Self.begin(five, folder)
        try ComparisonFolder(path: folder.path + "/c").beginLook(five)
        try Self.begin(five, folder)
        let more = try Self.refusal(try Self.plan("bss", seeds: 8), folder)
        #expect(
            more.contains("seeds was 3, 4, 5, 6, 7, is 3, 4, 5, 6, 7, 8, 9, 10")
                && more.contains("--plan 5,10"), "\(more)")
        let others = try Self.refusal(
            try Self.plan("bss,lwf", set: ["optimizer.learning-rate=0.5"], allPairs: true, margin: 1), folder)
        for part in [
            "methods and settings was linear-probe, fine-tune, bss, is linear-probe, fine-tune, bss, lwf",
            "linear-probe: was learning-rate: 0.01", "linear-probe: is learning-rate: 0.5", "proves nothing",
        ] { #expect(others.contains(part), "\(others)") }
        // Without the plan the folder would be refused, too.
        try folder.write(Array("{}".utf8), as: "c/comparison.json")
        let damaged = #expect(throws: (any Error).self) { try Self.begin(five, folder) }
        #expect("\(try #require(damaged))".contains("put back what it was, or compare anew with --output"))
    }

    @Test func plannedLooksMayHaveMoreSeeds() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let plans = try [5, 10].map { try Self.plan("bss", seeds: $0, looks: "5,10") }
        for plan in plans {
            try Self.begin(plan, folder)
            try ComparisonFolder(path: folder.path + "/c").beginLook(plan)
            try Self.begin(plan, folder)
        }
        #expect(
            try Self.refusal(try Self.plan("bss", seeds: 10), folder).contains(
                "planned looks was 5, 10, is 10"))
        let other = try Self.plan("bss", list: "3,4,5,6,8", looks: "5,10")
        #expect(try Self.refusal(other, folder).contains("proves nothing"))
    }

    /// As many ranks a run as it began with, in as many groups as there are ranks for.
    @Test func aComparisonGoesOnWithAsManyRanksARun() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let plan = try Self.plan("bss")
        func ranks(_ rankCount: Int, groups: Int) throws -> Int {
            try ComparisonFolder(path: folder.path + "/c").begin(
                plan, rankCount: rankCount, groupCount: groups)
        }
        let error = #expect(throws: UsageError.self) { try ranks(3, groups: 2) }
        #expect("\(try #require(error))".contains("3 ranks cannot be divided"))
        #expect(try ranks(4, groups: 1) == 4)
        // Nothing is done yet.
        #expect(try ranks(4, groups: 2) == 2)
        try folder.write([], as: "c/results/bss.seed-3.started.json")
        #expect(try ranks(2, groups: 2) == 2)
        #expect(try ranks(6, groups: 2) == 2)
        // With these none of the runs can go on.
        #expect(try ranks(3, groups: 1) == 3)
    }

    @Test func aFolderOfSomethingElseIsLeftAlone() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        try folder.write([1], as: "c/notes.txt")
        #expect(try Self.refusal(try Self.plan("bss"), folder).contains("holds notes.txt and no comparison"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/c") == ["notes.txt"])
        try folder.write(Array("{\"format\": 7}".utf8), as: "d/comparison.json")
        let plan = try Self.plan("bss")
        #expect(throws: (any Error).self) { try ComparisonFolder(path: folder.path + "/d").begin(plan) }
    }

    // MARK: Keys

    @Test func aKeySaysWhichHashDiffers() {
        func key(
            _ settings: String = "a: 1\nb: 2", samples: String = "s", program: String = "p", seed: UInt64 = 1,
            ranks: Int = 2
        ) -> ComparisonKey {
            ComparisonKey(settings: settings, samples: samples, program: program, seed: seed, ranks: ranks)
        }
        #expect(key().differences(from: key(), includingRanks: true) == [])
        let configuration = key("a: 1\nb: 3").differences(from: key(), includingRanks: true)
        #expect(configuration.count == 1 && configuration[0].hasPrefix("the hash of the configuration was "))
        #expect(configuration[0].hasSuffix(" (was b: 2; is b: 3)"))
        #expect(
            key(samples: "t").differences(from: key(), includingRanks: true) == [
                "the hashes of the samples were s, are t"
            ])
        #expect(
            key(program: "q").differences(from: key(), includingRanks: true) == ["the program was p, is q"])
        #expect(key(seed: 2).differences(from: key(), includingRanks: true) == ["the seed was 1, is 2"])
        #expect(
            key(ranks: 1).differences(from: key(), includingRanks: true) == [
                "the number of ranks was 2, is 1"
            ])
        #expect(key(ranks: 1).differences(from: key(), includingRanks: false) == [])
    }

    @Test func selectionTakesTheBestMeanAndNoRunWithoutAModel() {
        #expect(SelectionScore.mean([0.5, 0.7]) == 0.6)
        #expect(SelectionScore.mean([0.9, nil]) == -.infinity)
        #expect(SelectionScore.mean([0.9, .nan]) == -.infinity)
        #expect(SelectionScore.mean([]) == -.infinity)
    }

    @Test func aThirdOfTheSettingsGoesOn() {
        #expect((0..<3).map { SettingHalving.epochs(rung: $0, of: 9) } == [1, 3, 9])
        #expect((0..<3).map { SettingHalving.epochs(rung: $0, of: 20) } == [2, 7, 20])
        #expect((0..<3).map { SettingHalving.epochs(rung: $0, of: 1) } == [1, 1, 1])
        #expect([1, 2, 3, 4, 9, 10].map(SettingHalving.survivors) == [1, 1, 1, 2, 3, 4])
    }

    @Test func theCostIsSaidInHours() {
        let cost = ComparisonCost([
            .init(method: "linear-probe", runCount: 5, seconds: 36),
            .init(method: "bss", runCount: 10, seconds: 9000),
        ])
        #expect(cost.words == "cost: about 2.5 h for 15 runs: linear-probe 5 × 0.002 h, bss 10 × 0.25 h")
        #expect(ComparisonCost([.init(method: "bss", runCount: 1, seconds: 720_000)]).words.contains("200 h"))
    }
}
