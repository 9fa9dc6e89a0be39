internal import Synchronization

/// What a rank did and when: spans of time on its threads.
final class ProfileEvents: Sendable {
    /// A thread, or a bucket's way through the all-reduce, on which spans nest.
    enum Lane: Hashable {
        /// Forward pass, backward pass, optimizer: the thread that trains.
        case training
        /// The thread that advances the all-reduce of gradients.
        case communication
        /// The thread that writes checkpoints.
        case checkpoints
        /// All-reduces of buckets, of which several are under way.
        case allReduce(Int)
    }

    /// What a span is of.
    enum Category: String {
        case step, part, forward, backward, communication, checkpoint, evaluation
    }

    /// A span of time.
    struct Event {
        let name: String
        let category: Category
        let lane: Lane
        let start: ContinuousClock.Instant
        let end: ContinuousClock.Instant
    }

    /// More are not kept: some 50 MB of memory.
    static let capacity = 200_000

    private struct State {
        var events: [Event] = []
        var hasLost = false
        /// Since when steps are recorded; nil where they are not.
        var windowStart: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let isOpen = Atomic(false)

    /// Whether a step is under way that is recorded in all its parts.
    var isRecording: Bool { isOpen.load(ordering: .relaxed) }

    /// Begins or ends a step that is recorded in all its parts.
    func setRecording(_ isRecording: Bool) {
        state.withLock { $0.windowStart = isRecording ? .now : nil }
        isOpen.store(isRecording, ordering: .relaxed)
    }

    /// Adds a span that ends now.
    func add(
        _ name: @autoclosure () -> String, _ category: Category, on lane: Lane,
        from start: ContinuousClock.Instant, to end: ContinuousClock.Instant = .now
    ) {
        let name = name()
        state.withLock { state in
            guard state.events.count < Self.capacity else {
                state.hasLost = true
                return
            }
            state.events.append(Event(name: name, category: category, lane: lane, start: start, end: end))
        }
    }

    /// Adds a span that ends now if a step is recorded: the part of it that lies within the step.
    func addToStep(
        _ name: @autoclosure () -> String, _ category: Category, on lane: Lane,
        from start: ContinuousClock.Instant
    ) {
        guard isRecording, let window = state.withLock({ $0.windowStart }) else { return }
        add(name(), category, on: lane, from: max(start, window))
    }

    /// Whether there were more than could be kept, and all that was kept.
    var contents: (events: [Event], hasLost: Bool) { state.withLock { ($0.events, $0.hasLost) } }
}
