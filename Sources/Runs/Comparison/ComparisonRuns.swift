internal import Foundation
internal import Hosts
internal import ImageData
internal import ModelFiles
internal import ProcessGroups
internal import Tensors
internal import Training

/// The runs of a comparison: what is done already, and how one is done.
struct ComparisonRuns {
    /// A run: a method with a setting, and a seed.
    struct Place: Hashable, Codable {
        let name: String
        let seed: UInt64
        /// After how many epochs it is stopped; nil: at its end.
        let epochs: Int?

        init(_ entry: ComparisonEntry, _ seed: UInt64, until epochs: Int? = nil) {
            (name, self.seed, self.epochs) = (entry.name, seed, epochs)
        }
    }

    let plan: ComparisonPlan
    let folder: ComparisonFolder
    /// The ranks that do a run together.
    let group: any ProcessGroup
    /// The samples of each seed.
    let samples: [UInt64: ComparisonSamples]
    private let settings: [String: String]
    private let program: String
    /// What is kept of the runs that have ended.
    private(set) var records: [Place: RunRecord] = [:]

    /// Opens the samples of each seed, and reads what is done.
    ///
    /// - Throws: `CollectiveFailure`: 65 where what is there is of something else.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ plan: ComparisonPlan, _ folder: ComparisonFolder, digests: FileDigestCache, group: any ProcessGroup
    ) throws {
        (self.plan, self.folder, self.group) = (plan, folder, group)
        var samples: [UInt64: ComparisonSamples] = [:]
        for seed in plan.seeds + plan.selectionSeeds {
            let configuration = try Self.configuration(plan.entries[0], seed, folder, test: true)
            samples[seed] = try ComparisonSamples(configuration, digests: digests, group: group)
        }
        self.samples = samples
        let program = try HostFileDigests("/proc/self/exe", group: group).values[0] ?? "unknown"
        self.program = "ballast \(BallastVersion.current) \(program)"
        var settings: [String: String] = [:]
        var weightDigests: [String: String] = [:]
        for entry in plan.entries {
            let configuration = try Self.configuration(entry, 0, folder, test: false)
            let files = "\(configuration.network.weights ?? "")\n\(configuration.initialState ?? "")"
            let weights =
                try weightDigests[files] ?? JobChecks.weightsDigest(configuration, group: group)
            weightDigests[files] = weights
            let initial = try configuration.initialState.map {
                try HostFileDigests($0, group: group).values[0] ?? "unknown"
            }
            settings[entry.name] = configuration.resultSettings(
                weightsDigest: weights, initialStateDigest: initial ?? "none")
        }
        self.settings = settings
        try readRecords()
    }

    /// The configuration of a run.
    ///
    /// - Parameter test: Whether it knows the test split, which is looked at for the table alone.
    private static func configuration(
        _ entry: ComparisonEntry, _ seed: UInt64, _ folder: ComparisonFolder, test: Bool
    ) throws -> RunConfiguration {
        var configuration = try RunConfiguration(
            text: entry.configuration, file: "the plan of \(folder.path)", directory: "/")
        configuration.training.seed = seed
        configuration.output = folder.run(entry, seed)
        if !test { configuration.data.test = nil }
        return configuration
    }

    /// The configuration of a run, without the test split.
    func configuration(_ entry: ComparisonEntry, _ seed: UInt64) throws -> RunConfiguration {
        try Self.configuration(entry, seed, folder, test: false)
    }

    /// The same with the test split.
    func testedConfiguration(_ entry: ComparisonEntry, _ seed: UInt64) throws -> RunConfiguration {
        try Self.configuration(entry, seed, folder, test: true)
    }

    /// What the result of a run depends on.
    func key(_ entry: ComparisonEntry, _ seed: UInt64) -> ComparisonKey {
        ComparisonKey(
            settings: settings[entry.name] ?? "", samples: samples[seed]?.learned ?? "", program: program,
            seed: seed, ranks: group.size)
    }

    /// What is kept of a run; nil where it has not ended.
    func record(_ entry: ComparisonEntry, _ seed: UInt64, until epochs: Int? = nil) -> RunRecord? {
        records[Place(entry, seed, until: epochs)]
    }

    /// After how many epochs a run is stopped at a rung; nil: at its end.
    func epochs(_ entry: ComparisonEntry, rung: Int) throws -> Int? {
        let configuration = try configuration(entry, 0)
        guard configuration.method.name.settings.takesSteps else { return nil }
        let whole = configuration.training.epochs
        let epochs = SettingHalving.epochs(rung: rung, of: whole)
        return epochs < whole ? epochs : nil
    }

    /// The seeds of an entry, and after how many epochs its runs may have been stopped.
    private func places(of entry: ComparisonEntry) throws -> [(seed: UInt64, epochs: Int?)] {
        var stops: [Int?] = [nil]
        for rung in 0..<(plan.stopsEarly ? SettingHalving.rungCount : 0) {
            let epochs = try epochs(entry, rung: rung)
            if !stops.contains(epochs) { stops.append(epochs) }
        }
        return plan.selectionSeeds.flatMap { seed in stops.map { (seed, $0) } } + plan.seeds.map { ($0, nil) }
    }

    /// Reads what is kept, and makes sure that it is of this comparison.
    private mutating func readRecords() throws {
        for entry in plan.entries {
            for (seed, epochs) in try places(of: entry) {
                let file = folder.ended(entry, seed, until: epochs)
                guard let record = try known(file) else { continue }
                try require(record.key, entry, seed, file.path, includingRanks: false)
                let model = folder.run(entry, seed) + "/model.safetensors"
                try group.coordinate { () throws -> Void in
                    guard !record.hasModel || FileManager.default.fileExists(atPath: model) else {
                        throw DataError(
                            .format, path: model,
                            "the model of a run that has ended is gone; remove \(file.path), and the run is done again"
                        )
                    }
                }
                records[Place(entry, seed, until: epochs)] = record
            }
        }
    }

    /// What rank 0 finds in a file, on every rank.
    func known<Record: Codable>(_ file: ComparisonFile<Record>) throws -> Record? {
        let bytes = try group.coordinate { () throws -> [UInt8] in
            Array(try JSONEncoder().encode([try file.read()].compactMap { $0 }))
        }
        return try JSONDecoder().decode([Record].self, from: Data(bytes)).first
    }

    /// Makes sure that a result is of this comparison.
    func require(
        _ saved: ComparisonKey, _ entry: ComparisonEntry, _ seed: UInt64, _ path: String,
        includingRanks: Bool
    ) throws {
        let differences = key(entry, seed).differences(from: saved, includingRanks: includingRanks)
        guard !differences.isEmpty else { return }
        throw CollectiveFailure(
            message:
                "\(path.shownPath): is the result of something else: \(differences.joined(separator: "; ")); methods are compared on equal terms: put back what was, or compare anew with --output and another folder",
            exitCode: ExitCode.badData)
    }

    /// Makes sure that the other runs of a seed were computed by as many ranks as now: within a pair nothing else may
    /// differ.
    func requireRanks(of seed: UInt64) throws {
        let others = records.filter { $0.key.seed == seed && $0.value.key.ranks != group.size }
        guard let other = others.min(by: { $0.key.name < $1.key.name }) else { return }
        throw CollectiveFailure(
            message:
                "seed \(seed): \(other.key.name) was computed by \(other.value.key.ranks) ranks, and these are \(group.size): a pair of runs has the same number; start as many",
            exitCode: ExitCode.wrongUse)
    }
}

extension ComparisonRuns {
    /// Does a run, or what is left of it.
    ///
    /// A run that diverges has a result as well: what it saved before, or nothing.
    ///
    /// - Parameter epochs: After which it is stopped, so that it can go on; nil: at its end.
    /// - Throws: `CollectiveFailure`: 75 where a signal ended it; what else ends runs.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    mutating func execute(_ entry: ComparisonEntry, _ seed: UInt64, until epochs: Int?) throws {
        try requireRanks(of: seed)
        let key = key(entry, seed)
        let started = folder.started(entry, seed)
        if let before = try known(started) {
            try require(before.key, entry, seed, started.path, includingRanks: true)
        } else {
            try group.coordinate { () throws -> Void in try started.write(StartRecord(key: key)) }
        }
        let configuration = try configuration(entry, seed)
        // Else the memory of one method would count for the next.
        StoragePool.shared.trim()
        ProcessMemory.resetPeak()
        let start = ContinuousClock.now
        let (outcome, trained, divergence) = try Self.run(configuration, until: epochs, group)
        let peak = try group.allGather([ProcessMemory.peakBytes]).max() ?? 0
        let seconds = start.secondsUntilNow
        let file = folder.ended(entry, seed, until: epochs)
        let takesSteps = configuration.method.name.settings.takesSteps
        try group.coordinate { () throws -> Void in
            let hasModel = FileManager.default.fileExists(
                atPath: configuration.output + "/model.safetensors")
            let saved =
                hasModel
                ? try ModelRecord(contentsOf: configuration.output + "/model.json")?.metrics.validation : nil
            try file.write(
                RunRecord(
                    key: key, divergence: divergence, hasModel: hasModel,
                    validation: outcome?.validation ?? saved,
                    epochs: takesSteps ? epochs ?? configuration.training.epochs : 0,
                    seconds: seconds, trainedParameters: trained, peakMemoryBytes: peak))
            if epochs == nil { removeCheckpoints(entry, seed) }
        }
        records[Place(entry, seed, until: epochs)] = try known(file)
    }

    /// Nothing goes on from there any more, and of many runs they fill a disk. On rank 0.
    func removeCheckpoints(_ entry: ComparisonEntry, _ seed: UInt64) {
        try? FileManager.default.removeItem(atPath: folder.run(entry, seed) + "/checkpoints")
    }

    /// Lets all groups know what each has done.
    ///
    /// - Important: Collective: every rank of all groups must call this, in the same order.
    mutating func share(over groups: ComparisonGroups) throws { records = try groups.shared(records) }

    /// Trains to the end.
    ///
    /// - Returns: How it went, nil where it diverged; how many numbers are trained; why it diverged.
    private static func run(
        _ configuration: RunConfiguration, until epochs: Int?, _ group: any ProcessGroup
    ) throws -> (outcome: Trainer.Outcome?, trained: Int?, divergence: String?) {
        var trained: Int?
        do {
            let run = try configuration.start(resume: .automatic, until: epochs, group: group)
            trained = run.trainedParameterCount
            return (try run.run(), trained, nil)
        } catch let failure as CollectiveFailure where failure.exitCode == ExitCode.internalError {
            return (nil, trained, String(failure.message.prefix(1000)))
        }
    }

    /// Looks at the test split with the model of a run, or reads what was seen.
    ///
    /// - Throws: `CollectiveFailure`.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func test(_ entry: ComparisonEntry, _ seed: UInt64, digests: FileDigestCache) throws -> TestRecord {
        let file = folder.tested(entry, seed)
        let (count, samples) = (samples[seed]?.units.count ?? 0, samples[seed]?.tested ?? "")
        if let known = try known(file) {
            try require(known.key, entry, seed, file.path, includingRanks: false)
            guard known.testSamples == samples else {
                throw CollectiveFailure(
                    message:
                        "\(file.path.shownPath): is of other test samples than those of data.test now; methods are compared by the same pictures: put back what was, or compare anew with --output and another folder",
                    exitCode: ExitCode.badData)
            }
            guard known.right.utf8.count == count, known.right.allSatisfy({ "01".contains($0) }) else {
                throw CollectiveFailure(
                    message: "\(file.damaged("is damaged"))", exitCode: ExitCode.badData)
            }
            return known
        }
        guard let record = record(entry, seed) else { preconditionFailure("a test before the run's end") }
        let tested =
            record.hasModel
            ? try evaluate(entry, seed, digests: digests)
            : (right: [UInt8](repeating: 0, count: count), evaluation: nil)
        let test = TestRecord(
            key: record.key, testSamples: samples,
            right: String(tested.right.map { $0 == 0 ? "0" : "1" as Character }),
            evaluation: tested.evaluation)
        try group.coordinate { () throws -> Void in try file.write(test) }
        return test
    }

    /// What the model of a run says of the test split; the predictions go to a file.
    private func evaluate(
        _ entry: ComparisonEntry, _ seed: UInt64, digests: FileDigestCache
    ) throws -> (right: [UInt8], evaluation: Evaluation?) {
        let configuration = try testedConfiguration(entry, seed)
        let data = try PreparedData(configuration, digests: digests, group: group)
        let model = try SavedModel(configuration.output, group: group)
        guard let test = data.splits.test, test.count == samples[seed]?.units.count,
            model.description.classNames == data.splits.training.classNames
        else {
            throw CollectiveFailure(
                message:
                    "\(configuration.output.shownPath): the model and the data do not fit each other any more; do not change the data while methods are compared",
                exitCode: ExitCode.badData)
        }
        let loader = try group.agree { try data.evaluationLoader(test) }
        var table = PredictionTable(
            ["sample", "label", "prediction"], classCount: model.description.classNames.count)
        var right: [UInt8] = []
        let evaluation = try Evaluator(loader, group: group).evaluate(model.classifier) { prediction in
            right.append(prediction.isFinite && prediction.predicted == prediction.label ? 1 : 0)
            table.add(
                [
                    test.identifier(prediction.position), String(prediction.label),
                    prediction.isFinite ? String(prediction.predicted) : "",
                ], prediction.probabilities)
        }
        // Ranks hold contiguous parts of the samples.
        let all = try Array(group.allGatherEach(right).joined())
        try table.write(to: folder.predictions(entry, seed), group: group)
        return (all, evaluation)
    }
}
