internal import Foundation
internal import Hosts
internal import Layers
internal import ModelFiles
public import ProcessGroups

/// What rank 0 writes while a run goes on: lines of the log, the best model, and checkpoints.
///
/// That a file cannot be written is known to rank 0 alone at first. It keeps the error until all ranks meet, at
/// the end of a step or of the run, and all throw it there: no rank is left to wait for one that is gone.
public final class RunFiles {
    private let directory: RunDirectory?
    private let events: EventFile?
    private let checkpoints: RunCheckpoints?
    private let metadata: [String: String]
    private let describe: ((ModelResult) throws -> [UInt8])?
    let policy: CheckpointPolicy
    private let progress: ProgressLine?
    private let group: any ProcessGroup
    /// Where checkpoints that were written leave their spans; nil where nobody asks.
    var profile: Profile?
    /// Where the backbone started, on rank 0; nil where the log says nothing of it.
    package var startingWeights: StartingWeights?
    /// What leaves the record for the report, on every rank; nil: nothing does.
    package var recorder: (any OutcomeRecorder)?
    private var failure: (any Error)?
    private var lastSaveFailure: (any Error)?
    private var stepSeconds: [Int: Double] = [:]
    /// What the log has of notices after the present step.
    private var notices = StepNotices()

    /// The files of a run that begins or goes on.
    ///
    /// - Parameters:
    ///   - directory: The folder of the run; on rank 0 only.
    ///   - events: What TensorBoard reads; on rank 0 only, nil: nothing.
    ///   - checkpoints: Where to save; on rank 0 only.
    ///   - policy: When to save.
    ///   - metadata: Strings for the header of the saved model.
    ///   - describe: What `model.json` says of a saved model; nil: there is none.
    ///   - progress: Where to report; on rank 0 only.
    ///   - group: The ranks.
    public init(
        directory: RunDirectory?, events: EventFile? = nil, checkpoints: RunCheckpoints?,
        policy: CheckpointPolicy, metadata: [String: String] = [:],
        describe: ((ModelResult) throws -> [UInt8])? = nil,
        progress: ProgressLine?, group: any ProcessGroup
    ) {
        (self.directory, self.events) = (directory, events)
        (self.checkpoints, self.policy) = (checkpoints, policy)
        (self.metadata, self.describe) = (metadata, describe)
        (self.progress, self.group) = (progress, group)
    }

    /// Whether a file could not be written and the run must end; known to rank 0.
    var mustEnd: Bool { failure != nil }

    /// Appends a line to the log, and its numbers to what TensorBoard reads. On rank 0.
    func log(_ event: RunEvent) {
        do { try directory?.append(event) } catch { failure = failure ?? error }
        events?.write(event)
        if let problem = events?.takeProblem() { warn(problem) }
    }

    /// Appends a step to the log, and shows it if it is time to. On rank 0.
    ///
    /// - Parameters:
    ///   - event: The step.
    ///   - plan: The run's.
    ///   - wait: What steps wait for, if for anything.
    func log(_ event: StepEvent, of plan: TrainingPlan, wait: StepWait?) {
        notices.step = event.step
        log(.step(event))
        progress?.show(event, of: plan, wait: wait)
    }

    /// The run begins, or goes on after a step: what was said as a notice before goes into the log. On rank 0.
    func begin(after step: Int) {
        notices.step = step
        progress?.recordNotices { [weak self] in self?.record($0) }
        progress?.beginSteps(after: step)
    }

    /// Tells the user a line. On rank 0.
    func say(_ line: String) { progress?.say(line) }

    /// Tells the user a line that is worth reading however quiet the program is, and the log. On rank 0.
    func warn(_ line: String) {
        // Who shows the line hands it on.
        if let progress { progress.warn(line) } else { record(line) }
    }

    /// Appends a notice to the log, once after each step.
    private func record(_ notice: String) {
        guard directory != nil, let event = notices.event(notice) else { return }
        log(.notice(event))
    }

    /// Writes the model of the run, and then what is known of it.
    ///
    /// A run that is killed between the two leaves the description of the model before: it names that model's digest,
    /// so that nobody takes it for this one's, and the header of the model has all that its use needs.
    ///
    /// - Throws: `CollectiveFailure` with rank 0's error.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func saveModel(
        _ classifier: Classifier, step: Int, bestBy: BestMeasure, validation: Evaluation?
    ) throws {
        try group.coordinate { [directory, metadata] in
            guard let directory else { return }
            try classifier.file(metadata: metadata).write(to: directory.modelPath)
        }
        try describeModel(step: step, bestBy: bestBy, validation: validation, test: nil)
    }

    /// Writes what is known of the saved model, `model.json`.
    ///
    /// - Throws: `CollectiveFailure` with rank 0's error.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func describeModel(step: Int, bestBy: BestMeasure, validation: Evaluation?, test: Evaluation?) throws {
        try group.coordinate { [directory, describe] () throws -> Void in
            guard let directory, let describe else { return }
            let result = ModelResult(
                step: step, digest: try FileDigest(ofFile: directory.modelPath),
                bestBy: validation.map { _ in bestBy }, validation: validation, test: test)
            try OutputFile.replace(directory.descriptionPath, with: describe(result))
        }
    }

    /// Reads the model of the run into rank 0's classifier.
    ///
    /// - Throws: `CollectiveFailure` with rank 0's error.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func loadModel(into classifier: Classifier) throws {
        try group.coordinate { [directory] in
            guard let directory else { return }
            try classifier.load(SafetensorsFile(contentsOf: directory.modelPath))
        }
    }

    /// Ends the run on every rank where `mustEnd` is true on rank 0.
    ///
    /// - Throws: `CollectiveFailure` with rank 0's error.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func endIfNeeded() throws {
        try group.coordinate { [failure] () throws -> Void in if let failure { throw failure } }
    }

    /// Logs saves that are done. On rank 0.
    func reportSaves() {
        while let outcome = checkpoints?.takeResult() {
            let seconds = stepSeconds.removeValue(forKey: outcome.step) ?? 0
            profile?.events.add(
                "checkpoint of step \(outcome.step)", .checkpoint, on: .checkpoints, from: outcome.start,
                to: outcome.start + .seconds(outcome.seconds))
            switch outcome.written {
            case .success(let written):
                lastSaveFailure = nil
                log(
                    .checkpoint(
                        CheckpointEvent(
                            step: outcome.step, seconds: outcome.seconds, stepSeconds: seconds,
                            bytes: written.byteCount)))
            case .failure(let error): saveFailed(outcome.step, error)
            }
            if case .failure(let error) = outcome.pruned {
                warn("old checkpoints were not removed: \(error)")
            }
        }
    }

    private func saveFailed(_ step: Int, _ error: any Error) {
        warn("checkpoint of step \(step) failed: \(error)")
        lastSaveFailure = error
        if policy.stopsOnFailure { failure = failure ?? StoppedBySave(step: step, reason: error) }
    }

    /// Begins to save a copy of the state; waits first until the save before is done.
    ///
    /// - Throws: `CollectiveFailure` where the save before does not end and failures end the run.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func save(_ position: RunPosition, of step: TrainingStep) throws {
        let start = ContinuousClock.now
        let statistics = try step.runningStatisticsOfRanks()
        guard try previousSaveEnds(else: "step \(position.step) is not saved") else { return }
        guard let checkpoints, let directory else { return }
        do {
            try checkpoints.save(
                position, state: step.snapshot(statistics), modelPath: directory.modelPath)
            stepSeconds[position.step] = (ContinuousClock.now - start).seconds
        } catch {
            saveFailed(position.step, error)
        }
    }

    /// Waits until the last save is done, and logs it.
    ///
    /// - Parameter isNeeded: Whether a save that has failed, or does not end, is an error whatever the policy is.
    /// - Throws: `CollectiveFailure` where a file could not be written and the run must not end well.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func finish(isNeeded: Bool) throws {
        let ended = try previousSaveEnds(else: "the run ends without it", isNeeded: isNeeded)
        try group.coordinate { () throws -> Void in
            if ended { reportSaves() }
            if isNeeded, let lastSaveFailure { throw lastSaveFailure }
        }
        try endIfNeeded()
    }

    /// Lets a save that is under way come to its end, and logs it, in a run that ends because of an error.
    ///
    /// - Important: Collective where the error is a `CollectiveFailure`; else this rank is alone with it.
    func settle(after error: any Error) {
        if let failure = error as? CollectiveFailure {
            // The run has an error already.
            try? finish(isNeeded: false)
            // Nothing else in the folder says why the run has no end.
            if failure.exitCode == ExitCode.internalError { record(failure.message) }
        } else {
            checkpoints?.waitUntilIdle(seconds: policy.timeoutSeconds)
            reportSaves()
        }
    }

    /// Waits until nothing is being written, for as long as the policy allows. The ranks wait together, in
    /// short rounds, so that none seems lost.
    ///
    /// - Returns: Whether that is so, the same on every rank.
    /// - Throws: `CollectiveFailure` where it is not, and failures end the run.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    private func previousSaveEnds(else consequence: String, isNeeded: Bool = false) throws -> Bool {
        while true {
            let answer = try group.coordinate { () throws -> [UInt8] in
                switch checkpoints?.progress(limit: policy.timeoutSeconds) ?? .done {
                case .done: return [1]
                case .running: return []
                case .overdue(let error):
                    if isNeeded || policy.stopsOnFailure { throw error }
                    warn("\(error); \(consequence)")
                    return [0]
                }
            }
            if let first = answer.first { return first == 1 }
        }
    }
}

/// A checkpoint that could not be written in a run that ends because of it.
private struct StoppedBySave: Error, ExitCodeProviding, CustomStringConvertible {
    let step: Int
    let reason: any Error
    var exitCode: Int32 { ExitCode.of(reason) }
    var description: String {
        "the checkpoint of step \(step) could not be written, and checkpoint.on-failure is stop: \(reason)"
    }
}
