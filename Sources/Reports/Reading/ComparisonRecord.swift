/// What a report takes from `compare.json`.
struct ComparisonRecord: Decodable {
    /// A line of the table.
    struct Row: Decodable {
        let method: String
        let setting: String?
        let status: String?
        let seeds: Int?
        let validationMean: Double?
        let testMean: Double?
        let testDeviation: Double?
        let delta: Double?
        let low: Double?
        let high: Double?
        let adjusted: Double?
        let seedShare: Double?
        let detectable: Double?
        let verdict: String?
        let epochs: Int?
        let seconds: Double?
        let trainedParameters: Double?
        let peakMemory: Double?

        /// Method and setting.
        var title: String { [method, setting ?? ""].filter { !$0.isEmpty }.joined(separator: " ") }

        private enum CodingKeys: String, CodingKey {
            case method, setting, status, seeds, delta, detectable, verdict, epochs, seconds
            case validationMean = "val_mean"
            case testMean = "test_mean"
            case testDeviation = "test_sd"
            case low = "ci_low"
            case high = "ci_high"
            case adjusted = "p_holm"
            case seedShare = "seed_share"
            case trainedParameters = "trained_parameters"
            case peakMemory = "peak_memory"
        }
    }

    /// Two methods, compared.
    struct Pair: Decodable {
        let first: String
        let second: String
        let delta: Double?
        let low: Double?
        let high: Double?
        let adjusted: Double?
        let verdict: String?

        private enum CodingKeys: String, CodingKey {
            case first, second, delta, verdict
            case low = "ci_low"
            case high = "ci_high"
            case adjusted = "p_holm"
        }
    }

    let baseline: String?
    let margin: Double?
    let allPairs: Bool?
    let comparisons: Int?
    let seeds: [UInt64]?
    let selectionSeeds: [UInt64]?
    let testPictures: Int?
    let testGroups: Int?
    let methods: [Row]
    let pairs: [Pair]?
    let warnings: [String]?

    private enum CodingKeys: String, CodingKey {
        case baseline, margin, comparisons, seeds, methods, pairs, warnings
        case allPairs = "all-pairs"
        case selectionSeeds = "selection-seeds"
        case testPictures = "test-pictures"
        case testGroups = "test-groups"
    }

    /// What every run got right, a character a picture, is in the file too.
    static let largestFile = 256 << 20
}
