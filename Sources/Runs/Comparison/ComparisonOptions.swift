internal import Hosts
internal import ModelFiles

/// What `ballast compare` is asked for beside a configuration.
package struct ComparisonOptions: Sendable, Equatable {
    /// Which seeds the methods are compared with.
    package enum Seeds: Sendable, Equatable {
        /// So many, from `training.seed` on.
        case count(Int)
        /// These.
        case list([UInt64])

        var count: Int {
            switch self {
            case .count(let count): count
            case .list(let seeds): seeds.count
            }
        }
    }

    /// The methods beside the baselines, in order.
    let methods: [MethodName]
    /// What is tried of each.
    let grid: [GridOption]
    /// The seeds of the table.
    let seeds: Seeds
    /// With how many other seeds a setting is chosen.
    let selectionSeedCount: Int
    /// The baseline that the others are compared with.
    let baseline: MethodName
    /// Differences up to this one do not matter in practice, a share.
    let margin: Double
    /// Whether each is compared with each.
    let comparesAllPairs: Bool
    /// Numbers of seeds at which the table is looked at, said beforehand.
    let looks: [Int]
    /// Into how many groups the ranks are divided.
    let groupCount: Int
    /// Hours that the runs may take; settings that lose are stopped early then. Nil: any, and none is.
    let budgetHours: Double?
    /// The folder of the comparison; nil: beside the configuration's output.
    let output: String?

    /// Without these a comparison says little.
    static let baselines: [MethodName] = [.linearProbe, .fineTune]
    private static let mostSeeds = 1000
    private static let mostGroups = 10_000
    private static let mostHours = 1e6

    /// Options as they stand on the command line.
    ///
    /// - Parameters:
    ///   - methods: Names with commas between.
    ///   - grid: `key.path=V1,V2`, several.
    ///   - seedCount: How many seeds; nil: five.
    ///   - seedList: The seeds themselves, with commas between.
    ///   - margin: In points of a hundred.
    ///   - looks: Numbers of seeds, with commas between; nil: one look.
    ///   - groupCount: Into how many groups the ranks are divided.
    ///   - budgetHours: Hours that the runs may take.
    /// - Throws: `UsageError`.
    package init(
        methods: String, grid: [String] = [], seedCount: Int? = nil, seedList: String? = nil,
        selectionSeedCount: Int = 3, baseline: MethodName = .fineTune, margin: Double = 0.5,
        comparesAllPairs: Bool = false, looks: String? = nil, groupCount: Int = 1,
        budgetHours: Double? = nil, output: String? = nil
    ) throws {
        self.methods = try Self.methods(methods)
        self.grid = try grid.map { try GridOption($0) }
        let paths = self.grid.map(\.path)
        guard Set(paths).count == paths.count else {
            throw UsageError("--grid: a key is given twice; give all of its values in one option")
        }
        seeds = try Self.seeds(count: seedCount, list: seedList)
        guard (1...Self.mostSeeds).contains(selectionSeedCount) else {
            throw UsageError(
                "--selection-seeds is \(selectionSeedCount); expected 1 to \(Self.mostSeeds)")
        }
        self.selectionSeedCount = selectionSeedCount
        guard Self.baselines.contains(baseline) else {
            throw UsageError(
                "--baseline is \(baseline.rawValue); expected one of \(Self.baselines.map(\.rawValue).joined(separator: ", "))"
            )
        }
        self.baseline = baseline
        guard (0...100).contains(margin) else {
            throw UsageError("--margin is \(margin); expected 0 to 100 points")
        }
        self.margin = margin / 100
        self.comparesAllPairs = comparesAllPairs
        self.looks = try Self.looks(looks, seedCount: seeds.count)
        guard (1...Self.mostGroups).contains(groupCount) else {
            throw UsageError("--groups is \(groupCount); expected 1 to \(Self.mostGroups)")
        }
        guard budgetHours.map({ $0 > 0 && $0 <= Self.mostHours }) ?? true else {
            throw UsageError(
                "--budget is \(budgetHours ?? 0); expected hours, above 0 and up to \(Self.mostHours)")
        }
        (self.groupCount, self.budgetHours, self.output) = (groupCount, budgetHours, output)
    }

    private static func methods(_ text: String) throws -> [MethodName] {
        let names = parts(of: text)
        let known = MethodName.allCases.map(\.rawValue)
        let methods = try names.map { name in
            guard let method = MethodName(rawValue: name) else {
                let meant = nearestName(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ";"
                throw UsageError(
                    "--methods: '\(name.excerpt)' is not a method\(meant) methods: \(known.joined(separator: ", "))"
                )
            }
            return method
        }
        guard Set(names).count == names.count else {
            throw UsageError("--methods \(text.excerpt): names a method twice; expected each once")
        }
        return methods.filter { !baselines.contains($0) }
    }

    private static func seeds(count: Int?, list: String?) throws -> Seeds {
        guard let list else {
            let count = count ?? 5
            guard (1...mostSeeds).contains(count) else {
                throw UsageError("--seeds is \(count); expected 1 to \(mostSeeds)")
            }
            return .count(count)
        }
        guard count == nil else {
            throw UsageError("--seeds is given beside --seed-list; give one of the two")
        }
        let seeds = try parts(of: list).map { text in
            guard let seed = UInt64(text) else {
                throw UsageError(
                    "--seed-list: '\(text.excerpt)' is not a seed; expected whole numbers with commas between"
                )
            }
            return seed
        }
        guard (1...mostSeeds).contains(seeds.count), Set(seeds).count == seeds.count else {
            throw UsageError(
                "--seed-list \(list.excerpt): expected 1 to \(mostSeeds) seeds, each once")
        }
        return .list(seeds)
    }

    private static func looks(_ text: String?, seedCount: Int) throws -> [Int] {
        guard let text else { return [seedCount] }
        let looks = parts(of: text).compactMap { Int($0) }
        guard looks.count == parts(of: text).count, (1...20).contains(looks.count),
            looks.allSatisfy((1...mostSeeds).contains), zip(looks, looks.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw UsageError(
                "--plan \(text.excerpt): expected up to 20 ascending numbers of seeds with commas between, such as 5,10"
            )
        }
        guard looks.contains(seedCount) else {
            throw UsageError(
                "--plan \(text.excerpt): the comparison has \(seedCount) seeds, which is none of these looks; set --seeds to one of them"
            )
        }
        return looks
    }

    private static func parts(of text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.filter { !$0.isWhitespace }
        }
    }
}
