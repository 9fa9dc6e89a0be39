internal import Foundation
internal import ImageData
internal import ModelFiles

/// The folder of a comparison: its plan, the folders of its runs, what is kept of them, and the tables.
///
///     comparison.json                    the plan, and at how many seeds the test split was looked at
///     runs/METHOD[_SETTING]/seed-N/      an ordinary run; its checkpoints go when it has ended
///     results/METHOD[_SETTING].seed-N.started.json, [.epoch-E].json, .test.json
///     predictions/METHOD[_SETTING].seed-N.csv
///     compare.csv, compare.json, compare.md
package struct ComparisonFolder: Sendable {
    /// The folder.
    let path: String

    package init(path: String) { self.path = path }

    private static let planName = "comparison.json"
    private var planFile: ComparisonFile<PlanRecord> {
        // Without it nobody knows whether the test split was looked at.
        ComparisonFile(
            path: "\(path)/\(Self.planName)",
            remedy: "put back what it was, or compare anew with --output and another folder")
    }

    /// The folder of a run.
    func run(_ entry: ComparisonEntry, _ seed: UInt64) -> String { "\(path)/runs/\(entry.name)/seed-\(seed)" }

    /// The predictions of a run's model for the test split.
    func predictions(_ entry: ComparisonEntry, _ seed: UInt64) -> String {
        "\(path)/predictions/\(entry.name).seed-\(seed).csv"
    }

    private func result<Record: Codable>(
        _ entry: ComparisonEntry, _ seed: UInt64, _ ending: String
    ) -> ComparisonFile<Record> {
        ComparisonFile(path: "\(path)/results/\(entry.name).seed-\(seed)\(ending)")
    }

    func started(_ entry: ComparisonEntry, _ seed: UInt64) -> ComparisonFile<StartRecord> {
        result(entry, seed, ".started.json")
    }

    /// - Parameter epochs: After which the run was stopped, for a while or for good; nil: at its end.
    func ended(_ entry: ComparisonEntry, _ seed: UInt64, until epochs: Int?) -> ComparisonFile<RunRecord> {
        result(entry, seed, epochs.map { ".epoch-\($0).json" } ?? ".json")
    }

    func tested(_ entry: ComparisonEntry, _ seed: UInt64) -> ComparisonFile<TestRecord> {
        result(entry, seed, ".test.json")
    }

    /// Makes the folder, or goes on with the comparison that is there. On rank 0.
    ///
    /// Runs that are compared have as many ranks. A comparison that goes on has as many a run as it had, in as many groups
    /// as there are ranks for: after a host was lost, in fewer.
    ///
    /// - Parameters:
    ///   - plan: What is compared.
    ///   - rankCount: Ranks of the job.
    ///   - groupCount: Groups that the user wants.
    /// - Returns: How many ranks do a run.
    /// - Throws: `UsageError` where it holds something else; where the test split was looked at and the plan is
    ///   another now; where the ranks cannot be divided; `OutputError` where it cannot be written.
    @discardableResult
    package func begin(_ plan: ComparisonPlan, rankCount: Int = 1, groupCount: Int = 1) throws -> Int {
        try WriteAccess.require(path, problem: "cannot make the folder of the comparison")
        let record = try planFile.read()
        if let record {
            try Self.require(plan, after: record, path)
        } else {
            try requireEmpty()
        }
        let results = (try? FileManager.default.contentsOfDirectory(atPath: path + "/results")) ?? []
        let before = results.isEmpty ? nil : record?.ranks
        let ranks = try Self.ranksPerRun(before, rankCount: rankCount, groupCount: groupCount)
        do {
            for name in ["results", "predictions", "runs"] {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(name)", withIntermediateDirectories: true)
            }
        } catch {
            throw OutputError(
                path: path, problem: "cannot make the folder of the comparison", underlying: error)
        }
        try planFile.write(PlanRecord(plan: plan, looks: record?.looks ?? [], ranks: before ?? ranks))
        return ranks
    }

    private static func ranksPerRun(_ before: Int?, rankCount: Int, groupCount: Int) throws -> Int {
        if let before, before > 0, rankCount % before == 0 { return before }
        guard groupCount > 0, rankCount % groupCount == 0 else {
            throw UsageError(
                "--groups \(groupCount): \(Units.count(rankCount, "rank")) cannot be divided into groups of equal size, and runs that are compared have as many ranks; start a multiple of \(groupCount)"
            )
        }
        return rankCount / groupCount
    }

    /// Notes that the test split is about to be looked at. On rank 0.
    package func beginLook(_ plan: ComparisonPlan) throws {
        let record = try planFile.read()
        let looks = record?.looks ?? []
        guard !looks.contains(plan.seeds.count) else { return }
        try planFile.write(
            PlanRecord(plan: plan, looks: looks + [plan.seeds.count], ranks: record?.ranks ?? 1))
    }

    /// After a look nothing of the plan may change, but for more seeds at a look that was planned.
    private static func require(_ plan: ComparisonPlan, after record: PlanRecord, _ path: String) throws {
        guard !record.looks.isEmpty, plan != record.plan, !plan.isPlannedLook(after: record.plan) else {
            return
        }
        let differences = plan.differences(from: record.plan).prefix(6).joined(separator: "; ")
        let onlySeeds =
            plan.seeds.count > record.plan.seeds.count && plan.seeds.starts(with: record.plan.seeds)
        throw UsageError(
            "\(path.excerpt): its test split was looked at, and the plan is another now: \(differences); "
                + (onlySeeds
                    ? "with seeds that are added after a look p-values mean nothing: say beforehand how often you will look, such as --plan 5,10, "
                    : "a plan that follows from a look at the test split proves nothing: ")
                + "compare anew with --output and another folder")
    }

    private func requireEmpty() throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        // What was being written when the process was killed.
        let found = names.filter { !$0.hasPrefix(Self.planName) && !$0.hasPrefix(".") }.sorted()
        guard let first = found.first else { return }
        throw UsageError(
            "\(path.excerpt): holds \(first.excerpt) and no comparison; choose a folder that is missing or empty with --output"
        )
    }
}
