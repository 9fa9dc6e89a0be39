internal import Foundation
internal import Hosts
internal import ModelFiles
internal import Regularizers
internal import Tensors

/// What the folder of a run says, or what an evaluation found. Whatever is missing there is nil here; whatever cannot be
/// read is missing too, and `problems` says so.
struct RecordedRun {
    /// The evaluation that stands for the run.
    struct Headline {
        let split: String
        let accuracy: Double?
        let meanClassAccuracy: Double?
        let loss: Double?
        let count: Int?
    }

    /// What the run is called beside others.
    var name: String
    let folder: String
    let configuration: ConfigurationText?
    let log: MetricsLog?
    let model: ModelSummary?
    let record: ReportRecord?
    let thumbnails: [Thumbnail?]
    let relationship: Relationship?
    /// Weights of DELTA's taps, where the record has none: quantiles, largest first.
    let attention: [(tap: String, weights: [Double])]
    /// Images that the run left out.
    let skippedImages: Int
    /// What could not be read, and why.
    let problems: [String]
    /// What was evaluated by itself; nil of a run.
    let evaluated: EvaluatedModel?
    /// Whether a setting was chosen by it, so that it is in no table of a comparison, and may have been stopped early.
    var isSelection = false

    /// Files that only a run has.
    static let files = ["config.yaml", "metrics.jsonl", "model.json", "report.json"]

    /// Reads the folder; nil where it has none of the files of a run.
    ///
    /// - Parameter isDetailed: Whether what is shown of few runs is read too: predictions, and what a method has.
    init?(folder: String, name: String, isDetailed: Bool = true) {
        guard Self.files.contains(where: { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }) else {
            return nil
        }
        (self.folder, self.name) = (folder, name)
        var reading = FolderReading(folder: folder)
        configuration = reading.value(of: "config.yaml") { path in
            try ConfigurationText(contentsOf: path)
        }
        log = reading.value(of: "metrics.jsonl") { path in try MetricsLog(contentsOf: path) }
        model = reading.json("model.json", limit: ModelSummary.largestFile)
        let found: ReportRecord? =
            isDetailed ? reading.json("report.json", limit: CheckedRecord.largestFile) : nil
        let checked = found.map(CheckedRecord.init)
        (record, thumbnails) = (checked?.record, checked?.thumbnails ?? [])
        relationship =
            isDetailed
            ? reading.value(of: "relationship.safetensors") { try Relationship(contentsOf: $0) } : nil
        attention =
            isDetailed && record?.attention == nil
            ? reading.value(of: "attention.safetensors", Self.attention) ?? [] : []
        skippedImages = reading.value(of: "skipped-images.csv", Self.lineCount) ?? 0
        problems = reading.problems
        evaluated = nil
        WorkProgress.note()
    }

    /// A model that was evaluated by itself: no folder is read.
    init(_ evaluated: EvaluatedModel) {
        (name, folder) = (evaluated.title, evaluated.model)
        configuration = nil
        log = nil
        model = evaluated.summary
        let checked = CheckedRecord(evaluated.record)
        (record, thumbnails) = (checked.record, checked.thumbnails)
        relationship = nil
        attention = []
        skippedImages = 0
        problems = evaluated.warnings
        self.evaluated = evaluated
    }

    /// Names of the classes.
    var classNames: [String] { record?.classes ?? model?.model?.classNames ?? [] }

    /// The name of a class, or its number where it has none.
    func className(_ label: Int) -> String {
        classNames.indices.contains(label) ? classNames[label] : "class \(label)"
    }

    /// The method's name.
    var method: String? { model?.method ?? record?.method ?? configuration?.values["method.name"] }

    /// The evaluation on the test split, or else on the validation split; or the one that is all there is.
    var headline: Headline? {
        if let evaluated {
            return Headline(
                split: "evaluation", accuracy: evaluated.accuracy,
                meanClassAccuracy: evaluated.meanClassAccuracy, loss: evaluated.loss, count: evaluated.count)
        }
        for (split, summary, logged) in [
            ("test", model?.metrics?.test, log?.test),
            ("validation", model?.metrics?.validation, log?.validation),
        ] {
            if let summary {
                return Headline(
                    split: split, accuracy: summary.accuracy, meanClassAccuracy: summary.meanClassAccuracy,
                    loss: summary.loss, count: summary.count)
            }
            if let logged {
                return Headline(
                    split: split, accuracy: logged.accuracy, meanClassAccuracy: logged.meanClassAccuracy,
                    loss: logged.loss, count: logged.count)
            }
        }
        return nil
    }

    /// The interval of the headline's accuracy.
    var interval: ClosedRange<Double>? {
        guard let headline, let accuracy = headline.accuracy, let count = headline.count else { return nil }
        return WilsonInterval.of(share: accuracy, count: count)
    }

    private static func attention(_ path: String) throws -> [(tap: String, weights: [Double])] {
        let file = try SafetensorsFile(contentsOf: path)
        return try file.names.prefix(16).compactMap { name in
            guard let shape = file.shape(of: name), shape.rank == 1, (1...1 << 20).contains(shape[0]) else {
                return nil
            }
            let weights = try file.tensor(name).elements.map(Double.init).filter(ChartAxis.shows).sorted(
                by: >)
            let count = min(weights.count, ReportRecord.Limits.attentionWeights)
            return (
                tap: name, weights: (0..<count).map { weights[$0 * (weights.count - 1) / max(1, count - 1)] }
            )
        }
    }

    /// Lines after the first.
    private static func lineCount(_ path: String) throws -> Int {
        var count = -1
        _ = try TextLines.read(path) { _ in count += 1 }
        return max(0, count)
    }
}

/// The files of a folder, read one by one.
private struct FolderReading {
    let folder: String
    var problems: [String] = []

    /// Files that are mapped or read by line have no limit of their own; more than this is nothing that a run wrote.
    private static let largestFile = 1 << 32

    init(folder: String) { self.folder = folder }

    /// What a file says; nil where it is missing or cannot be read.
    mutating func value<Value>(of name: String, _ read: (String) throws -> Value?) -> Value? {
        let path = "\(folder)/\(name)"
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.largestFile else {
            problems.append("\(name) is not a file that a run wrote, and is left out.")
            return nil
        }
        do {
            return try read(path)
        } catch {
            problems.append(
                "\(name) is left out: \(Self.reason(error))".printable(atMost: 600, keepsLines: false))
            return nil
        }
    }

    /// An object of JSON.
    mutating func json<Value: Decodable>(_ name: String, limit: Int) -> Value? {
        value(of: name) { path in
            let bytes = Data(try SmallFile.read(path, limit: limit).bytes)
            do {
                return try JSONDecoder().decode(Value.self, from: bytes)
            } catch {
                throw NotReadable()
            }
        }
    }

    private static func reason(_ error: any Error) -> String {
        if let problem = error as? SmallFile.Problem { return problem.description }
        if let error = error as? NotReadable { return error.description }
        return error is any ExitCodeProviding ? "\(error)" : error.systemReason
    }
}

/// A file whose bytes are something else.
private struct NotReadable: Error {
    let description = "it is not as `ballast train` writes it"
}
