internal import Dispatch
internal import Synchronization

/// Makes numbered batches, the next ones in the background while the current one is used, one after the other.
final class Prefetcher: Sendable {
    /// A batch on its way.
    private final class Pending: Sendable {
        let number: Int
        private let isDone = DispatchGroup()
        private let result = Mutex<Result<Batch, DataError>?>(nil)

        init(
            _ number: Int, on queue: DispatchQueue,
            make: @escaping @Sendable (Int) -> Result<Batch, DataError>
        ) {
            self.number = number
            isDone.enter()
            queue.async {
                let made = make(number)
                self.result.withLock { $0 = made }
                self.isDone.leave()
            }
        }

        /// Waits for the batch.
        func wait() -> Result<Batch, DataError>? {
            isDone.wait()
            return result.withLock { $0 }
        }
    }

    /// Bytes of batches that are ready or being made before anybody asks, at most; one batch is always allowed.
    static let bytesAhead = 64 << 20
    /// Batches ahead, at most: enough to level out samples that take longer than others.
    static let batchesAhead = 8

    private let queue = DispatchQueue(label: "ballast.batches", qos: .userInitiated)
    private let count: Int?
    private let ahead: Int
    private let make: @Sendable (Int) -> Result<Batch, DataError>
    /// Batches on their way, by ascending number.
    private let pending = Mutex<[Pending]>([])

    /// - Parameters:
    ///   - count: Number of batches; nil for endlessly many.
    ///   - batchBytes: Size of a batch.
    ///   - make: Makes a batch; called on a background thread, one call at a time.
    init(
        count: Int?, batchBytes: Int, make: @escaping @Sendable (Int) -> Result<Batch, DataError>
    ) {
        self.count = count
        self.make = make
        ahead = max(1, min(Self.batchesAhead, Self.bytesAhead / max(1, batchBytes)))
    }

    /// The batch of that number. Asking for one after the other is fast; any order is right.
    func batch(_ number: Int) throws(DataError) -> Batch {
        let current = take(number)
        return try (current.wait() ?? make(number)).get()
    }

    /// The batch on its way, or a new one, with those behind it on their way too.
    private func take(_ number: Int) -> Pending {
        pending.withLock { pending in
            var wanted = number...number + ahead
            if let count { wanted = wanted.clamped(to: number...max(number, count - 1)) }
            // What was prepared for another order is of no use any more.
            pending = pending.filter { wanted.contains($0.number) }
            if pending.first?.number != number { pending = [] }
            for next in wanted.dropFirst(pending.count) {
                pending.append(Pending(next, on: queue, make: make))
            }
            return pending.removeFirst()
        }
    }
}
