/// What `compare.json` says: the columns of the table by their names, and beside them what the table leaves out.
struct ComparisonObject: Encodable {
    private let format = 1
    private let program = "ballast \(BallastVersion.current)"
    private let baseline: String
    private let margin: Double
    private let allPairs: Bool
    private let comparisons: Int
    private let seeds: [UInt64]
    private let selectionSeeds: [UInt64]
    private let looks: [Int]
    private let ranks: [Int]
    private let testSamples: String
    private let testPictures: Int
    private let testGroups: Int
    private let methods: [Row]
    private let pairs: [Pair]
    private let runs: [Run]
    private let warnings: [String]

    private enum CodingKeys: String, CodingKey {
        case format, program, baseline, margin, comparisons, seeds, looks, ranks, methods, pairs, runs,
            warnings
        case allPairs = "all-pairs"
        case selectionSeeds = "selection-seeds"
        case testSamples = "test-samples"
        case testPictures = "test-pictures"
        case testGroups = "test-groups"
    }

    init(_ summary: ComparisonSummary) {
        let outcomes = summary.outcomes
        (baseline, margin, allPairs) = (outcomes.baseline, outcomes.margin, outcomes.comparesAllPairs)
        (comparisons, seeds) = (summary.comparisonCount, outcomes.seeds)
        (selectionSeeds, looks, ranks) = (outcomes.selectionSeeds, outcomes.looks, outcomes.ranks)
        (testSamples, testPictures) = (outcomes.testSamples, outcomes.units.count)
        testGroups = outcomes.unitCount
        methods = summary.rows.map(Row.init)
        pairs = summary.pairs.map(Pair.init)
        runs = outcomes.entries.flatMap { entry in
            entry.selectionRuns.map { Run(entry, $0, isOfTable: false) }
                + entry.runs.map { Run(entry, $0, isOfTable: entry.isChosen) }
        }
        warnings = summary.warnings
    }

    /// The numbers of a difference, under the names of the columns.
    private struct Numbers: Encodable {
        let delta: Double?
        let low: Double?
        let high: Double?
        let p: Double?
        let adjusted: Double?
        let seedShare: Double?
        let detectable: Double?

        init(_ numbers: ComparisonNumbers?) {
            delta = numbers?.delta
            (low, high) = (numbers?.interval?.lowerBound, numbers?.interval?.upperBound)
            (p, adjusted) = (numbers?.p, numbers?.adjusted)
            (seedShare, detectable) = (numbers?.seedShare, numbers?.detectable)
        }

        private enum CodingKeys: String, CodingKey {
            case delta, p, detectable
            case low = "ci_low"
            case high = "ci_high"
            case adjusted = "p_holm"
            case seedShare = "seed_share"
        }
    }

    private struct Row: Encodable {
        let row: ComparisonRow

        init(_ row: ComparisonRow) { self.row = row }

        private enum CodingKeys: String, CodingKey {
            case method, setting, status, seeds, verdict, epochs, seconds
            case validationMean = "val_mean"
            case testMean = "test_mean"
            case testDeviation = "test_sd"
            case trainedParameters = "trained_parameters"
            case peakMemory = "peak_memory"
        }

        func encode(to encoder: any Encoder) throws {
            try Numbers(row.numbers).encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(row.method, forKey: .method)
            try container.encode(row.setting, forKey: .setting)
            try container.encode(row.status, forKey: .status)
            try container.encode(row.seeds, forKey: .seeds)
            try container.encodeIfPresent(row.validationMean, forKey: .validationMean)
            try container.encodeIfPresent(row.testMean, forKey: .testMean)
            try container.encodeIfPresent(row.testDeviation, forKey: .testDeviation)
            try container.encode(row.verdict, forKey: .verdict)
            try container.encode(row.epochs, forKey: .epochs)
            try container.encode(row.seconds, forKey: .seconds)
            try container.encodeIfPresent(row.trainedParameters, forKey: .trainedParameters)
            try container.encode(row.peakMemoryBytes, forKey: .peakMemory)
        }
    }

    private struct Pair: Encodable {
        let pair: ComparisonPair

        init(_ pair: ComparisonPair) { self.pair = pair }

        private enum CodingKeys: String, CodingKey { case first, second, verdict }

        func encode(to encoder: any Encoder) throws {
            try Numbers(pair.numbers).encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(pair.first, forKey: .first)
            try container.encode(pair.second, forKey: .second)
            try container.encode(pair.verdict, forKey: .verdict)
        }
    }

    /// A run; `right` is a picture a character, `1` where it was classified right.
    private struct Run: Encodable {
        let method: String
        let setting: String
        let seed: UInt64
        let purpose: String
        let validation: Double?
        let test: Double?
        let right: String?
        let seconds: Double
        let divergence: String?

        init(_ entry: ComparisonOutcomes.Entry, _ run: ComparisonOutcomes.Run, isOfTable: Bool) {
            (method, setting, seed) = (entry.method, entry.setting.joined(separator: " "), run.seed)
            purpose = isOfTable ? "table" : "selection"
            validation = run.validation
            test = run.right.map { $0.reduce(0, +) / Double(max(1, $0.count)) }
            right = run.right.map { scores in String(scores.map { $0 > 0 ? "1" : "0" as Character }) }
            (seconds, divergence) = (run.seconds, run.divergence)
        }
    }
}
