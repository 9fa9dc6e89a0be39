internal import Foundation
internal import Hosts
internal import ModelFiles

/// A method with one setting: what the runs of a comparison differ in.
package struct ComparisonEntry: Codable, Sendable, Equatable {
    /// The method's name.
    package let method: String
    /// What of the grid it has, each as `--set` takes it; empty for the configuration as it is.
    package let setting: [String]
    /// The whole configuration as YAML, but for seed and output.
    package let configuration: String

    /// The name of its files and folders: method and setting, where a name of a file can say them.
    package var name: String {
        let text = ([method] + setting).joined(separator: "_")
        let plain = String(
            text.unicodeScalars.map { scalar -> Character in
                let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.value.isDigit)
                return isPlain || "._-=".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
            })
        guard plain != text || plain.utf8.count > Self.longestName else { return plain }
        let digest = SHA256.digest(of: text.utf8).description
        return "\(plain.prefix(Self.longestName - 9))-\(digest.prefix(8))"
    }

    private static let longestName = 100
}

extension UInt32 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}

/// All that decides what a comparison comes to, said before its first run.
package struct ComparisonPlan: Codable, Sendable, Equatable {
    /// Methods and settings, those of a method one after the other; the baselines come first.
    package let entries: [ComparisonEntry]
    /// The seeds of the table.
    package let seeds: [UInt64]
    /// Other seeds, with which settings are chosen; empty where each method has one.
    package let selectionSeeds: [UInt64]
    /// The method that the others are compared with.
    package let baseline: String
    /// Differences up to this one do not matter in practice, a share.
    package let margin: Double
    /// Whether each is compared with each.
    package let comparesAllPairs: Bool
    /// Numbers of seeds at which the table is looked at.
    package let looks: [Int]
    /// Whether settings that lose are stopped early.
    package let stopsEarly: Bool

    /// Selection seeds begin so far behind the first seed, that more seeds of the table never meet them.
    private static let selectionDistance: UInt64 = 1_000_000
    /// More settings of a method are no grid that anybody waits for.
    private static let mostSettings = 1000

    /// Reads the configuration and makes the plan.
    ///
    /// - Returns: The plan, and the folder of the comparison.
    /// - Throws: `ConfigurationError`, `UsageError`.
    package static func read(
        _ file: String, assignments: [String], options: ComparisonOptions
    ) throws -> (plan: ComparisonPlan, output: String) {
        let source = try ConfigurationSource(file: file)
        // Runs lie in the folder of the comparison: where that is given, the configuration need not name one.
        let assignments = (options.output == nil ? [] : ["output=/"]) + assignments
        let base = try source.configuration(assignments)
        guard base.data.test != nil else {
            throw UsageError(
                "\(file.excerpt): data.test is missing: methods are compared by pictures that none has seen; set it to pictures that are in no other split"
            )
        }
        if case .path(let validation) = base.data.validation, validation == base.data.test {
            throw UsageError(
                "\(file.excerpt): data.validation and data.test are both \(validation.excerpt): what is chosen by the test split looks better than it is; set data.validation to other pictures, or leave it out"
            )
        }
        let methods = ComparisonOptions.baselines + options.methods
        let entries = try methods.flatMap { method in
            try Self.entries(of: method, source, assignments, base, options.grid)
        }
        for option in options.grid
        where !entries.contains(where: { $0.setting.contains(option.assignments[0]) }) {
            let known = try methods.flatMap { method -> [String] in
                let section = Self.section(of: method, base)
                return try source.configuration(assignments + section).method.settings.entries.map {
                    "method.\($0.key)"
                }
            }
            let key = option.path.joined(separator: ".")
            let meant = nearestName(to: key, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw UsageError(
                "--grid \(key.excerpt): none of the methods \(methods.map(\.rawValue).joined(separator: ", ")) has this key\(meant)"
            )
        }
        let isGrid = entries.count > methods.count
        if isGrid, base.data.validation == .none {
            throw UsageError(
                "\(file.excerpt): data.validation is none: settings are chosen by the validation split; set it to pictures of its own, or leave it out"
            )
        }
        let seeds = try Self.seeds(options.seeds, from: base.training.seed)
        let plan = ComparisonPlan(
            entries: entries, seeds: seeds,
            selectionSeeds: isGrid
                ? try Self.selectionSeeds(
                    options.selectionSeedCount, from: base.training.seed, apartFrom: seeds)
                : [],
            baseline: options.baseline.rawValue, margin: options.margin,
            comparesAllPairs: options.comparesAllPairs, looks: options.looks,
            stopsEarly: isGrid && options.budgetHours != nil)
        return (plan, options.output.map(Self.absolute) ?? base.output + "-comparison")
    }

    /// A method with each of its settings. The configuration's section `method` counts for the method that it names;
    /// the others have their defaults, of the same profile.
    private static func entries(
        of method: MethodName, _ source: ConfigurationSource, _ assignments: [String],
        _ base: RunConfiguration, _ grid: [GridOption]
    ) throws -> [ComparisonEntry] {
        let own = section(of: method, base)
        let settings = grid.settings(for: try source.configuration(assignments + own))
        guard settings.count <= mostSettings else {
            throw UsageError(
                "--grid: \(settings.count) settings of \(method.rawValue); expected at most \(mostSettings)")
        }
        let entries = try settings.map { setting in
            var configuration: RunConfiguration
            do {
                configuration = try source.configuration(assignments + own + setting)
            } catch let error as ConfigurationError
                where setting.contains(where: { error.origin == .assignment($0) })
            {
                // The user gave no --set.
                let option = setting.first { error.origin == .assignment($0) } ?? ""
                throw UsageError("--grid \(option.shownPath): \(error.problem)")
            }
            (configuration.training.seed, configuration.output) = (0, "/")
            return ComparisonEntry(
                method: method.rawValue, setting: setting, configuration: configuration.yaml())
        }
        let different = Set(entries.map(\.configuration)).count
        guard different == entries.count else {
            throw UsageError(
                "--grid: two of the \(entries.count) settings of \(method.rawValue) are the same; give each value once"
            )
        }
        return entries
    }

    /// What makes a configuration one of a method.
    private static func section(of method: MethodName, _ base: RunConfiguration) -> [String] {
        method == base.method.name
            ? [] : ["method={name: \(method.rawValue), profile: \(base.method.profile.rawValue)}"]
    }

    private static func seeds(_ choice: ComparisonOptions.Seeds, from first: UInt64) throws -> [UInt64] {
        switch choice {
        case .list(let seeds): return seeds
        case .count(let count): return try consecutive(count, from: first)
        }
    }

    private static func selectionSeeds(
        _ count: Int, from first: UInt64, apartFrom seeds: [UInt64]
    ) throws -> [UInt64] {
        let (start, overflows) = first.addingReportingOverflow(selectionDistance)
        guard !overflows else { throw tooLarge(first) }
        let candidates = try consecutive(count + seeds.count, from: start)
        return Array(candidates.filter { !seeds.contains($0) }.prefix(count))
    }

    private static func consecutive(_ count: Int, from first: UInt64) throws -> [UInt64] {
        try (0..<UInt64(count)).map { offset in
            let (seed, overflows) = first.addingReportingOverflow(offset)
            guard !overflows else { throw tooLarge(first) }
            return seed
        }
    }

    private static func tooLarge(_ seed: UInt64) -> UsageError {
        UsageError("training.seed is \(seed), behind which there are not enough others; set it to 0")
    }

    private static func absolute(_ path: String) -> String {
        absolutePath(path, in: FileManager.default.currentDirectoryPath)
    }
}

extension ComparisonPlan {
    /// The methods in their order.
    var methods: [String] {
        entries.map(\.method).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    /// The settings of a method.
    func entries(of method: String) -> [ComparisonEntry] { entries.filter { $0.method == method } }

    /// What another plan has otherwise, in words.
    package func differences(from saved: ComparisonPlan) -> [String] {
        func words(_ seeds: [UInt64]) -> String { seeds.map(String.init).joined(separator: ", ").excerpt }
        var differences: [String] = []
        func compare<Value: Equatable>(_ what: String, _ old: Value, _ new: Value, _ words: (Value) -> String)
        {
            if old != new { differences.append("\(what) was \(words(old)), is \(words(new))") }
        }
        compare("methods and settings", saved.entries.map(\.name), entries.map(\.name)) {
            $0.joined(separator: ", ").excerpt
        }
        for entry in entries {
            guard let old = saved.entries.first(where: { $0.name == entry.name }) else { continue }
            differences += ComparisonKey.differences(saved: old.configuration, present: entry.configuration)
                .map { "\(entry.name): \($0)" }
        }
        compare("seeds", saved.seeds, seeds, words)
        compare("selection seeds", saved.selectionSeeds, selectionSeeds, words)
        compare("baseline", saved.baseline, baseline) { $0.excerpt }
        compare("margin", saved.margin, margin) { "\($0 * 100)" }
        compare("all pairs", saved.comparesAllPairs, comparesAllPairs) { $0 ? "yes" : "no" }
        compare("stopping early", saved.stopsEarly, stopsEarly) { $0 ? "yes" : "no" }
        compare("planned looks", saved.looks, looks) { $0.map(String.init).joined(separator: ", ") }
        return differences
    }

    /// Whether this is the same comparison with more seeds, at a look that was planned.
    func isPlannedLook(after saved: ComparisonPlan) -> Bool {
        let same = ComparisonPlan(
            entries: saved.entries, seeds: seeds, selectionSeeds: saved.selectionSeeds,
            baseline: saved.baseline, margin: saved.margin, comparesAllPairs: saved.comparesAllPairs,
            looks: saved.looks, stopsEarly: saved.stopsEarly)
        return same == self && looks.count > 1 && looks.contains(seeds.count)
            && seeds.starts(with: saved.seeds)
    }
}
