internal import Dispatch
internal import Synchronization

/// Writes checkpoints one after the other on a thread of its own, while training goes on.
///
/// One thread submits. Nothing is lost: the outcome of each write is kept until it is taken.
public final class BackgroundWriter: Sendable {
    /// How one write ended.
    public struct Outcome: Sendable {
        /// Steps done at the checkpoint.
        public let step: Int
        /// The checkpoint, or why it was not written.
        public let written: Result<WrittenCheckpoint, any Error>
        /// Steps of old checkpoints that were removed after it, or why that failed; none after a failed write.
        public let pruned: Result<[Int], CheckpointError>
        /// When writing began.
        let start: ContinuousClock.Instant
        /// Seconds of both together.
        public let seconds: Double
    }

    /// A write that is not done.
    public struct Pending: Sendable, Equatable {
        /// Steps done at the checkpoint.
        public let step: Int
        /// When it was submitted.
        let start: ContinuousClock.Instant

        /// Seconds since then.
        public var seconds: Double { (ContinuousClock.now - start).seconds }
    }

    private let store: CheckpointStore
    private let queue = DispatchQueue(label: "ballast.checkpoints", qos: .utility)
    private let running = DispatchGroup()
    private let outcomes = Mutex<[Outcome]>([])
    private let current = Mutex<Pending?>(nil)

    /// A writer into a store. Nobody else writes into it or prunes it meanwhile.
    public init(_ store: CheckpointStore) { self.store = store }

    /// Begins to write a checkpoint and, if that succeeds, to remove old ones; waits first until the one
    /// before is done.
    ///
    /// - Parameters:
    ///   - contents: Its tensors must not change until it is written: see `CheckpointContents`.
    ///   - alsoKept: Steps that are not removed, such as the best one.
    public func submit(_ contents: CheckpointContents, keepingAlso alsoKept: Set<Int> = []) {
        running.wait()
        running.enter()
        current.withLock { $0 = Pending(step: contents.step, start: .now) }
        queue.async { [self] in
            let outcome = Self.write(contents, to: store, keepingAlso: alsoKept)
            outcomes.withLock { $0.append(outcome) }
            current.withLock { $0 = nil }
            running.leave()
        }
    }

    /// What is being written; nil where nothing is.
    public var pending: Pending? { current.withLock { $0 } }

    /// The outcome of the oldest write that is done and was not taken yet; nil where there is none. Does not
    /// wait.
    public func takeResult() -> Outcome? {
        outcomes.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// Waits until nothing is being written, but not longer than some seconds: a disk may hang.
    ///
    /// - Returns: Whether nothing is being written.
    public func waitUntilIdle(seconds: Double) -> Bool {
        running.wait(timeout: .now() + seconds) == .success
    }

    /// Waits until nothing is being written and takes all outcomes, oldest first.
    ///
    /// - Throws: The error of the first write that failed and whose outcome was not taken.
    @discardableResult
    public func finish() throws -> [Outcome] {
        running.wait()
        let taken = outcomes.withLock { outcomes in
            defer { outcomes = [] }
            return outcomes
        }
        for outcome in taken { _ = try outcome.written.get() }
        return taken
    }

    private static func write(
        _ contents: CheckpointContents, to store: CheckpointStore, keepingAlso alsoKept: Set<Int>
    ) -> Outcome {
        let clock = ContinuousClock()
        let start = clock.now
        let written = Result { try store.write(contents) }
        var pruned: Result<[Int], CheckpointError> = .success([])
        if case .success(let checkpoint) = written {
            do throws(CheckpointError) {
                pruned = .success(try store.prune(after: checkpoint, keepingAlso: alsoKept))
            } catch {
                pruned = .failure(error)
            }
        }
        return Outcome(
            step: contents.step, written: written, pruned: pruned, start: start,
            seconds: (clock.now - start).seconds)
    }
}
