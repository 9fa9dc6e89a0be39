internal import Foundation
import Hosts
import ImageData
import Layers
import ModelFiles
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Training

/// Batches of random images, a function of the step, that note which steps were asked for.
final class RandomBatches: BatchSource {
    /// What is wrong with a step, counted from 0.
    enum Trouble {
        /// Its images hold no numbers.
        case notNumbers(step: Int)
        /// One rank cannot read it.
        case unreadable(step: Int, rank: Int)
    }

    /// A file that cannot be read.
    struct Unreadable: Error, ExitCodeProviding {
        let exitCode = ExitCode.badData
    }

    let rows: Range<Int>
    private let globalBatch: Int
    private let rank: Int
    private let trouble: Trouble?
    private(set) var steps: [Int] = []
    /// Called before the batch of a step is made.
    var onBatch: (Int) -> Void = { _ in }

    init(_ group: any ProcessGroup, globalBatch: Int, trouble: Trouble? = nil) {
        (self.globalBatch, self.trouble, rank) = (globalBatch, trouble, group.rank)
        rows = Shard(rank: group.rank, size: group.size).slice(of: globalBatch)
    }

    func batch(step: Int) throws -> Batch {
        if case .unreadable(step, rank) = trouble { throw Unreadable() }
        return samples(step: step)
    }

    /// The batch, whatever is wrong with it.
    func samples(step: Int) -> Batch {
        steps.append(step)
        onBatch(step)
        var images = randomTensor([globalBatch, 3, 2, 2], seed: UInt64(100 + step))
        if case .notNumbers(step) = trouble { images = Tensor(repeating: .nan, images.shape) }
        return Batch(
            images: images.rows(rows), labels: rows.map { $0 % 2 }, indices: Array(rows),
            positions: Array(rows))
    }
}

/// Four samples whose labels are such that the classifier has the accuracy of a script, one entry an evaluation.
final class ScriptedSamples: EvaluationSource {
    let batchCount = 1
    private let classifier: Classifier
    private var script: [Double]
    /// The head at each evaluation.
    private(set) var heads: [[Float]] = []

    init(_ classifier: Classifier, accuracies: [Double]) {
        (self.classifier, script) = (classifier, accuracies)
    }

    func batch(_ number: Int) throws -> Batch {
        heads.append(classifier.head.weight.variable.value.elements)
        let images = randomTensor([4, 3, 2, 2], seed: 7)
        let logits = try classifier(Variable(images), .inference).logits.value.elements
        let correct = Int((script.removeFirst() * 4).rounded())
        let labels = (0..<4).map { row in
            let predicted = logits[2 * row + 1] > logits[2 * row] ? 1 : 0
            return row < correct ? predicted : 1 - predicted
        }
        return Batch(images: images, labels: labels, indices: Array(0..<4), positions: Array(0..<4))
    }
}

/// Everything around a trainer of a tiny classifier, on one rank of a group.
final class TrainerBench {
    /// What a test chooses.
    struct Settings {
        var epochs = 3
        var stepsPerEpoch = 2
        var headOnlyEpochs = 0
        var learningRate = 0.1
        /// Accuracy of each evaluation on the validation split; empty: there is none.
        var validation: [Double] = []
        var hasTest = false
        /// Whether it writes what TensorBoard reads.
        var hasEvents = false
        var everySteps: Int? = nil
        var stopsOnFailure = true
        var bestBy = BestMeasure.accuracy
        var faults = ""
        /// The step before which this rank is asked to stop.
        var stopBefore: Int?
        var trouble: RandomBatches.Trouble?
        /// Seconds that a flush to the disk takes.
        var flushSeconds = 0.0
        /// What the user was told before; empty: there is nobody to tell.
        var said: [String] = []
    }

    let classifier = Classifier(backbone: LinearBackbone(), classCount: 2)
    let batches: RandomBatches
    let validation: ScriptedSamples?
    let test: ScriptedSamples?
    let trainer: Trainer
    let files: RunFiles
    let plan: TrainingPlan
    /// What the run was told before it went on.
    let notices: [String]
    let store: CheckpointStore
    private let folder: String

    /// - Parameter folder: The run's; the first lines of its configuration say that it is a run.
    init(_ group: any ProcessGroup, folder: String, _ settings: Settings = Settings()) throws {
        self.folder = folder
        classifier.backbone.initialize(seed: 1)
        classifier.head.initialize(seed: 1)
        let classifier = classifier
        let batches = RandomBatches(group, globalBatch: 6, trouble: settings.trouble)
        self.batches = batches
        validation =
            settings.validation.isEmpty
            ? nil : ScriptedSamples(classifier, accuracies: settings.validation)
        test = settings.hasTest ? ScriptedSamples(classifier, accuracies: [1]) : nil
        store = CheckpointStore(
            directory: folder + "/checkpoints", keep: 2, ballastVersion: "test",
            faults: try FaultSchedule(parsing: settings.faults), calls: Self.calls(settings.flushSeconds))
        let step = try TrainingStep(
            classifier,
            groups: [
                ParameterGroup(
                    name: "backbone", part: .backbone, learningRateMultiplier: 0.1,
                    parameters: classifier.backbone.parameters),
                ParameterGroup(
                    name: "head", part: .head, learningRateMultiplier: 1,
                    parameters: classifier.head.parameters),
            ], regularizer: FineTune(),
            optimizer: SGD(momentum: 0.9, isNesterov: true, weightDecay: 0.001),
            normalization: .synchronized, group: group)
        plan = TrainingPlan(
            epochs: settings.epochs, stepsPerEpoch: settings.stepsPerEpoch, globalBatch: 6, accumulation: 1,
            learningRate: settings.learningRate,
            schedule: LearningRateSchedule(
                .cosine, warmUpSteps: 0, stepsPerEpoch: settings.stepsPerEpoch, epochs: settings.epochs),
            headOnlyEpochs: settings.headOnlyEpochs, bestBy: settings.bestBy)
        let (files, point) = try Self.files(group, folder: folder, settings, store)
        self.files = files
        notices = point?.notices(plan) ?? []
        trainer = try Trainer(
            step: step, plan: plan,
            data: Trainer.Data(
                training: batches, validation: validation.map { Evaluator($0, group: group) },
                test: test.map { Evaluator($0, group: group) }),
            files: files, resume: point,
            isStopRequested: { settings.stopBefore.map { batches.steps.last == $0 - 1 } ?? false })
    }

    private static func calls(_ flushSeconds: Double) -> SystemCalls {
        var calls = SystemCalls.system
        calls.flush = {
            Thread.sleep(forTimeInterval: flushSeconds)
            return SystemCalls.system.flush($0)
        }
        return calls
    }

    /// What rank 0 has on the disk; the others have nothing.
    private static func files(
        _ group: any ProcessGroup, folder: String, _ settings: Settings, _ store: CheckpointStore
    ) throws -> (RunFiles, ResumePoint?) {
        let policy = CheckpointPolicy(
            everySteps: settings.everySteps, stopsOnFailure: settings.stopsOnFailure, timeoutSeconds: 60)
        guard group.rank == 0 else {
            let none = RunFiles(
                directory: nil, checkpoints: nil, policy: policy, progress: nil, group: group)
            return (none, nil)
        }
        let lock = try RunLock(directory: folder) { _ in }
        let point = try store.newest { _ in }.map { try ResumePoint($0, identity: "") }
        let directory = try RunDirectory(
            path: folder, configuration: "# ballast test\n# hosts: here\n", resume: point, lock: lock)
        let checkpoints = RunCheckpoints(store, worldSize: group.size, configuration: "", identity: "")
        let session = EventSession(
            settings: ["optimizer.learning-rate": .number(0.1), "method.name": .text("a"), "x": .flag(true)],
            group: "a group", configuration: "a: 1\nb:\n  c: \"|\"\n")
        let progress = settings.said.isEmpty ? nil : ProgressLine()
        for line in settings.said { progress?.say(line) }
        let files = RunFiles(
            directory: directory,
            events: settings.hasEvents ? EventFile(in: folder, session, after: point?.step) : nil,
            checkpoints: checkpoints, policy: policy,
            describe: { result in
                let best = result.bestBy.map { "\($0)" } ?? "none"
                return Array("\(result.step) \(result.digest) \(best) \(result.test != nil)".utf8)
            }, progress: progress, group: group)
        return (files, point)
    }

    /// Every number that training moves.
    var parameters: [Float] { classifier.parameters.flatMap { $0.variable.value.elements } }

    /// A tensor of the saved model.
    func saved(_ name: String) throws -> [Float] {
        try SafetensorsFile(contentsOf: folder + "/model.safetensors").tensor(name).elements
    }

    /// What `model.json` says; the digest of the model is `model` where it is that of the file.
    func description() throws -> String {
        let digest = try FileDigest(ofFile: folder + "/model.safetensors").description
        return try String(contentsOfFile: folder + "/model.json", encoding: .utf8)
            .replacingOccurrences(of: digest, with: "model")
    }

    /// The lines of the log.
    func lines() throws -> [[String: Any]] {
        try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
    }

    /// Names of the events in the log.
    func events() throws -> [String] { try lines().map { $0["event"] as? String ?? "none" } }
}
