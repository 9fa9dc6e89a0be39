internal import Dispatch
internal import Synchronization

/// Makes numbered batches, the next one in the background while the current one is used.
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

    private let queue = DispatchQueue(label: "ballast.batches", qos: .userInitiated)
    private let count: Int?
    private let make: @Sendable (Int) -> Result<Batch, DataError>
    private let pending = Mutex<Pending?>(nil)

    /// - Parameters:
    ///   - count: Number of batches; nil for endlessly many.
    ///   - make: Makes a batch; called on a background thread, one call at a time.
    init(count: Int?, make: @escaping @Sendable (Int) -> Result<Batch, DataError>) {
        self.count = count
        self.make = make
    }

    /// The batch of that number. Asking for one after the other is fast; any order is right.
    func batch(_ number: Int) throws(DataError) -> Batch {
        let (current, queue, make) = (take(number), queue, make)
        let result = current.wait() ?? make(number)
        if number + 1 < count ?? .max {
            pending.withLock { $0 = Pending(number + 1, on: queue, make: make) }
        }
        return try result.get()
    }

    /// The batch on its way, if it is the right one, else a new one.
    private func take(_ number: Int) -> Pending {
        let found = pending.withLock { pending in
            let found = pending
            pending = nil
            return found
        }
        if let found, found.number == number { return found }
        return Pending(number, on: queue, make: make)
    }
}
