internal import Foundation
internal import Hosts
internal import ImageData
package import ProcessGroups
internal import Training

/// `ballast compare`: which of several methods helps on given data, and whether the difference is real.
///
/// You are here: the command line has been read. Next: `ComparisonPlan` for what is compared, `ComparisonRuns` for the
/// runs, the target `Comparisons` for the statistics, `ComparisonSummary` for the tables.
package struct Comparison {
    private let plan: ComparisonPlan
    private let folder: ComparisonFolder
    private let groups: ComparisonGroups
    private let digests: FileDigestCache
    private let progress: ProgressLine?
    private let budgetHours: Double?
    private var runs: ComparisonRuns

    /// All ranks.
    private var group: any ProcessGroup { groups.world }

    /// Reads configuration and data, makes the folder, and finds out what is done already.
    ///
    /// - Parameters:
    ///   - file: The configuration.
    ///   - assignments: `--set` options, in their order.
    ///   - options: What is asked for.
    ///   - group: The ranks.
    /// - Throws: `CollectiveFailure` where methods would not be compared on equal terms, or where the folder holds
    ///   something else.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(
        _ file: String, assignments: [String], options: ComparisonOptions, group: any ProcessGroup
    ) throws {
        let agreed = try group.coordinate { () throws -> [UInt8] in
            let (plan, output) = try ComparisonPlan.read(file, assignments: assignments, options: options)
            let ranks = try ComparisonFolder(path: output).begin(
                plan, rankCount: group.size, groupCount: options.groupCount)
            return Array(try JSONEncoder().encode(Agreed(plan: plan, output: output, ranks: ranks)))
        }
        let decoded = try JSONDecoder().decode(Agreed.self, from: Data(agreed))
        let groups = try ComparisonGroups(group, ranksPerRun: decoded.ranks)
        // Of a group that does a run, one rank says so.
        let progress = groups.own.rank == 0 ? ProgressLine() : nil
        let folder = ComparisonFolder(path: decoded.output)
        let digests = FileDigestCache(inFolder: decoded.output) { progress?.warn($0) }
        (plan, self.folder, self.groups) = (decoded.plan, folder, groups)
        (self.digests, self.progress, budgetHours) = (digests, progress, options.budgetHours)
        var runs: ComparisonRuns?
        try groups.together {
            runs = try ComparisonRuns(decoded.plan, folder, digests: digests, group: groups.own)
        }
        guard let runs else { preconditionFailure("a group without runs") }
        self.runs = runs
        if groups.count != options.groupCount, group.rank == 0 {
            progress?.say(
                "the comparison goes on as it began, \(Units.count(decoded.ranks, "rank")) a run: \(Units.count(groups.count, "group"))"
            )
        }
        if group.rank == 0, let leftOut = runs.samples[plan.seeds[0]]?.leftOut { progress?.warn(leftOut) }
        try group.coordinate { () throws -> Void in try digests.save() }
        let samples = Array(runs.samples.values)
        guard samples.allSatisfy({ $0.tested == samples[0].tested && $0.units == samples[0].units }) else {
            throw CollectiveFailure(
                message:
                    "data.test: its samples depend on the seed; methods are compared by the same pictures",
                exitCode: ExitCode.badData)
        }
        try requirePrecision()
    }

    /// Throws where groups could compute in different precisions.
    private func requirePrecision() throws {
        guard groups.count > 1 else { return }
        for entry in plan.entries {
            guard try runs.configuration(entry, 0).training.precision == .auto else { continue }
            throw CollectiveFailure(
                message:
                    "--groups: training.precision is auto, which hosts of one group may take for another than those of the next; set it to float32 or bfloat16",
                exitCode: ExitCode.wrongUse)
        }
    }

    private struct Agreed: Codable {
        let plan: ComparisonPlan
        let output: String
        let ranks: Int
    }

    /// Says what the comparison costs, does all runs that are not done, looks at the test split and writes the tables.
    ///
    /// - Parameter confirm: Asked on rank 0 with the cost before the first run; false: nothing is done.
    /// - Returns: The table for people.
    /// - Throws: `CollectiveFailure`: 75 where a signal ended it, so that it can go on; what runs throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package mutating func run(confirm: (String) -> Bool) throws -> String {
        if let cost = try cost() {
            say(cost.words)
            try require(cost)
            try group.coordinate { () throws -> Void in
                guard confirm(cost.words) else {
                    throw CollectiveFailure(
                        message: "nothing was done: the cost was not agreed to", exitCode: ExitCode.wrongUse)
                }
            }
        }
        let (chosen, stopped) = try select()
        for entry in chosen where !entry.isAlone(in: plan) {
            say("\(entry.method): chosen by validation: \(entry.setting.joined(separator: " "))")
        }
        // Seeds one after the other, so that pairs are complete early.
        try executeAll(plan.seeds.flatMap { seed in chosen.map { Work(entry: $0, seed: seed, epochs: nil) } })
        return try look(chosen, stopped)
    }

    // MARK: Selection

    /// A run, or the part of it up to some epochs.
    private struct Work {
        let entry: ComparisonEntry
        let seed: UInt64
        let epochs: Int?
    }

    /// Chooses a setting of each method by the validation split.
    ///
    /// - Returns: An entry of each method, and after how many epochs settings were stopped, by name.
    private mutating func select() throws -> (chosen: [ComparisonEntry], stopped: [String: Int]) {
        var open = Dictionary(grouping: plan.entries, by: \.method)
        var stopped: [String: Int] = [:]
        for rung in (plan.stopsEarly ? 0 : SettingHalving.rungCount - 1)..<SettingHalving.rungCount {
            let several = plan.entries.filter { entry in
                guard let entries = open[entry.method], entries.count > 1 else { return false }
                return entries.contains(entry)
            }
            var work: [Work] = []
            for seed in plan.selectionSeeds {
                work += try several.map { entry in
                    Work(entry: entry, seed: seed, epochs: try runs.epochs(entry, rung: rung))
                }
            }
            try executeAll(work)
            for method in plan.methods {
                guard let entries = open[method], entries.count > 1 else { continue }
                let ranked = try ranked(entries, rung: rung)
                let isLast = rung == SettingHalving.rungCount - 1
                // The baselines of the comparison are given all the time they need.
                let isBaseline = ComparisonOptions.baselines.map(\.rawValue).contains(method)
                guard isLast || !isBaseline else { continue }
                let kept = isLast ? 1 : SettingHalving.survivors(of: entries.count)
                open[method] = Array(ranked.prefix(kept))
                for entry in isLast ? [] : ranked.dropFirst(kept) {
                    stopped[entry.name] = try runs.epochs(entry, rung: rung)
                }
            }
        }
        try groups.world.coordinate { () throws -> Void in
            for entry in plan.entries {
                for seed in plan.selectionSeeds { runs.removeCheckpoints(entry, seed) }
            }
        }
        return (plan.methods.compactMap { open[$0]?.first }, stopped)
    }

    /// Settings by their mean on the validation split over the selection seeds, the best first; equals in order of the
    /// plan.
    private func ranked(_ entries: [ComparisonEntry], rung: Int) throws -> [ComparisonEntry] {
        let scores = try entries.map { entry in
            let epochs = try runs.epochs(entry, rung: rung)
            return SelectionScore.mean(
                try plan.selectionSeeds.map { try validationScore(entry, $0, until: epochs) })
        }
        return entries.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }.map { entries[$0] }
    }

    /// A run on the validation split, more being better; nil without a model.
    private func validationScore(
        _ entry: ComparisonEntry, _ seed: UInt64, until epochs: Int?
    ) throws -> Double? {
        guard let record = runs.record(entry, seed, until: epochs), record.hasModel,
            let validation = record.validation
        else { return nil }
        let measure = try runs.configuration(entry, seed).training.bestBy
        let value = measure.value(of: validation)
        return measure == .loss ? -value : value
    }

    // MARK: Runs

    /// Does what is not done, each run by a group of ranks, and tells all of them.
    private mutating func executeAll(_ work: [Work]) throws {
        let pending = work.filter { runs.record($0.entry, $0.seed, until: $0.epochs) == nil }
        let groups = groups
        try groups.distribute(pending.count, in: folder.path) { number in
            let (entry, seed, epochs) = (pending[number].entry, pending[number].seed, pending[number].epochs)
            try endIfAsked(groups.own)
            let setting = entry.setting.isEmpty ? "" : " with \(entry.setting.joined(separator: " "))"
            let end = epochs.map { ", up to epoch \($0)" } ?? ""
            progress?.say(
                "run \(number + 1) of \(pending.count): \(entry.method)\(setting), seed \(seed)\(end)")
            try runs.execute(entry, seed, until: epochs)
            if let reason = runs.record(entry, seed, until: epochs)?.divergence {
                progress?.warn("\(entry.method), seed \(seed): diverged, and counts as it is: \(reason)")
            }
        }
        try runs.share(over: groups)
        try endIfAsked(groups.world)
    }

    /// Ends the ranks of a group where one was asked to stop between runs.
    private func endIfAsked(_ group: any ProcessGroup) throws {
        guard try group.allGather([StopSignal.isReceived ? Int32(1) : 0]).contains(1) else { return }
        throw CollectiveFailure(
            message: "stopped by a signal between two runs; run again to continue", exitCode: ExitCode.stopped
        )
    }

    /// Tells the user a line, once.
    private func say(_ line: String) { if group.rank == 0 { progress?.say(line) } }

    // MARK: Cost

    /// What the runs cost that are not done; nil where there are none.
    private func cost() throws -> ComparisonCost? {
        let work = try pendingSelection() + pendingConfirmation()
        for seed in Set(work.map(\.seed)) { try runs.requireRanks(of: seed) }
        let byMethod = Dictionary(grouping: work, by: \.entry.method)
        let methods = plan.methods.filter { byMethod[$0] != nil }
        guard !methods.isEmpty else { return nil }
        say("measuring steps of \(methods.joined(separator: ", "))")
        var estimates: [String: ComparisonCost.Estimate] = [:]
        // All groups at once, as they will train.
        try groups.together {
            for method in methods {
                let entry = plan.entries(of: method)[0]
                estimates[method] = try ComparisonCost.Estimate(
                    runs.configuration(entry, plan.seeds[0]), group: groups.own
                ) { _ in }
            }
        }
        let other = methods.compactMap { estimates[$0] }.first { $0.step != nil }
        let parts = methods.map { method in
            let pieces = byMethod[method] ?? []
            let seconds = pieces.map { estimates[method]?.seconds(epochs: $0.epochs ?? 0, other: other) ?? 0 }
            return ComparisonCost.Part(
                method: method, runCount: pieces.count, seconds: seconds.reduce(0, +))
        }
        return ComparisonCost(parts, groupCount: groups.count)
    }

    /// What is left of choosing settings, with the epochs that each piece takes. Until a rung is done, the first settings
    /// stand for those that go on from it.
    private func pendingSelection() throws -> [Work] {
        var pending: [Work] = []
        for method in plan.methods {
            var entries = plan.entries(of: method)
            for rung in (plan.stopsEarly ? 0 : SettingHalving.rungCount - 1)..<SettingHalving.rungCount
            where entries.count > 1 {
                let countBefore = pending.count
                for entry in entries {
                    let end = try runs.epochs(entry, rung: rung)
                    let whole = try runs.configuration(entry, 0).training.epochs
                    let before =
                        plan.stopsEarly && rung > 0 ? try runs.epochs(entry, rung: rung - 1) ?? whole : 0
                    for seed in plan.selectionSeeds where runs.record(entry, seed, until: end) == nil {
                        pending.append(
                            Work(entry: entry, seed: seed, epochs: max(0, (end ?? whole) - before)))
                    }
                }
                guard !ComparisonOptions.baselines.map(\.rawValue).contains(method) else { continue }
                if pending.count == countBefore { entries = try ranked(entries, rung: rung) }
                entries = Array(entries.prefix(SettingHalving.survivors(of: entries.count)))
            }
        }
        return pending
    }

    /// What is left of the table, with the epochs that each run takes.
    private func pendingConfirmation() throws -> [Work] {
        try plan.methods.flatMap { method in
            let entries = plan.entries(of: method)
            // Which of them it will be is not known yet.
            let epochs = try runs.configuration(entries[0], 0).training.epochs
            return plan.seeds.filter { seed in !entries.contains { runs.record($0, seed) != nil } }
                .map { Work(entry: entries[0], seed: $0, epochs: epochs) }
        }
    }

    /// Throws where the runs take longer than they may.
    private func require(_ cost: ComparisonCost) throws {
        guard let budgetHours, cost.seconds > budgetHours * 3600 else { return }
        throw CollectiveFailure(
            message:
                "--budget \(budgetHours): the runs take about \(ComparisonCost.hours(cost.seconds)); give more hours, or compare fewer methods, settings or seeds",
            exitCode: ExitCode.wrongUse)
    }

    // MARK: The look

    /// Looks at the test split with all models of the table, and writes it.
    private func look(_ chosen: [ComparisonEntry], _ stopped: [String: Int]) throws -> String {
        try group.coordinate { () throws -> Void in try folder.beginLook(plan) }
        let places = chosen.flatMap { entry in plan.seeds.map { (entry, $0) } }
        var own: [ComparisonRuns.Place: TestRecord] = [:]
        try groups.distribute(places.count, in: folder.path) { number in
            let (entry, seed) = places[number]
            try endIfAsked(groups.own)
            own[ComparisonRuns.Place(entry, seed)] = try runs.test(entry, seed, digests: digests)
        }
        let tests = try groups.shared(own)
        let outcomes = plan.entries.map { entry in
            let end = stopped[entry.name]
            let selection =
                entry.isAlone(in: plan) ? [] : runsDone(entry, plan.selectionSeeds, [:], until: end)
            let isChosen = chosen.contains(entry)
            return ComparisonOutcomes.Entry(
                method: entry.method, setting: entry.setting, isChosen: isChosen,
                runs: isChosen ? runsDone(entry, plan.seeds, tests) : selection,
                selectionRuns: isChosen ? selection : [], stoppedEpoch: end)
        }
        let sample = runs.samples[plan.seeds[0]]
        let summary = ComparisonSummary(
            ComparisonOutcomes(
                entries: outcomes, baseline: plan.baseline, margin: plan.margin,
                comparesAllPairs: plan.comparesAllPairs, seeds: plan.seeds,
                selectionSeeds: plan.selectionSeeds, looks: plan.looks, units: sample?.units ?? [],
                testSamples: sample?.tested ?? "", ranks: Set(runs.records.values.map(\.key.ranks)).sorted(),
                leftOut: sample?.leftOut))
        try group.coordinate { () throws -> Void in try summary.write(in: folder.path) }
        ReportWriting.finish(folder.path, group)
        return summary.markdown
    }

    /// What became of the runs of an entry that are done.
    private func runsDone(
        _ entry: ComparisonEntry, _ seeds: [UInt64], _ tests: [ComparisonRuns.Place: TestRecord],
        until epochs: Int? = nil
    ) -> [ComparisonOutcomes.Run] {
        seeds.compactMap { seed in
            guard let record = runs.record(entry, seed, until: epochs) else { return nil }
            let test = tests[ComparisonRuns.Place(entry, seed)]
            return ComparisonOutcomes.Run(
                seed: seed, record, right: test.map { $0.right.map { $0 == "1" ? 1 : 0 } })
        }
    }
}

extension ComparisonEntry {
    /// Whether its method has no other setting.
    fileprivate func isAlone(in plan: ComparisonPlan) -> Bool { plan.entries(of: method).count == 1 }
}

/// How settings of a method are ranked.
package enum SelectionScore {
    /// The mean; a run without a model is worse than any.
    package static func mean(_ scores: [Double?]) -> Double {
        guard !scores.isEmpty, scores.allSatisfy({ $0?.isNaN == false }) else { return -.infinity }
        return scores.reduce(0) { $0 + ($1 ?? 0) } / Double(scores.count)
    }
}
