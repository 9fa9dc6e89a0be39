public import ProcessGroups
public import Tensors

/// Where the time of a run goes, layer by layer, as a Chrome trace: the first steps after the warm-up in all their
/// parts, evaluations and checkpoints throughout the run.
///
/// Each rank keeps its own spans; at the end rank 0 gathers them into one file. Used from the thread that trains.
public final class Profile: TapeObserver {
    /// Steps that are recorded.
    public static let stepCount = 10
    /// Steps before them: they compile primitives and fill the pool of memory. While overlap strategies are tried,
    /// more.
    public static let warmUpSteps = 2

    let events = ProfileEvents()
    /// The moment that all ranks count from.
    let origin: ContinuousClock.Instant
    /// Steps that were recorded so far.
    public private(set) var recordedSteps = 0
    private var seenSteps = 0
    /// What has begun and not ended: layers, and operations of the backward pass.
    private var open: [(name: String, isBackward: Bool, start: ContinuousClock.Instant)] = []

    /// An empty profile. The clocks of the ranks are set by a barrier.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public init(_ group: any ProcessGroup) throws {
        try group.barrier()
        origin = .now
    }

    /// Who observes the tape of the step that runs; nil where the step is not recorded.
    var tapeObserver: (any TapeObserver)? { events.isRecording ? self : nil }

    /// Runs a step, recorded if its turn has come.
    ///
    /// - Parameters:
    ///   - isSettled: Whether steps are as all later ones will be.
    ///   - work: The step.
    func step<Result>(isSettled: Bool, _ work: () throws -> Result) rethrows -> Result {
        seenSteps += 1
        guard isSettled, seenSteps > Self.warmUpSteps, recordedSteps < Self.stepCount else {
            return try work()
        }
        recordedSteps += 1
        events.setRecording(true)
        let start = ContinuousClock.now
        defer {
            events.add("step \(seenSteps)", .step, on: .training, from: start)
            events.setRecording(false)
        }
        return try work()
    }

    /// The layer that is open innermost.
    public var layer: String? { open.last?.name }

    /// Opens a layer, or an operation of its backward pass.
    public func begin(_ layer: String, isBackward: Bool) { open.append((layer, isBackward, .now)) }

    /// Closes what was opened last, which makes it a span.
    public func end() {
        guard let last = open.popLast() else { return }
        events.add(last.name, last.isBackward ? .backward : .forward, on: .training, from: last.start)
    }
}

extension Profile? {
    /// Runs what is no step, such as an evaluation, recorded wherever it comes.
    func span<Result>(
        _ name: @autoclosure () -> String, _ category: ProfileEvents.Category, _ work: () throws -> Result
    ) rethrows -> Result {
        guard let events = self?.events else { return try work() }
        let start = ContinuousClock.now
        defer { events.add(name(), category, on: .training, from: start) }
        return try work()
    }
}
