internal import Synchronization

/// Compiled operations by what they were compiled for, so that each is made once per process.
final class PrimitiveCache<Key: Hashable & Sendable, Value: AnyObject & Sendable>: Sendable {
    private let entries = Mutex<[Key: Value]>([:])

    /// The entry for a key, made on first use.
    func value(for key: Key, make: (Key) -> Value) -> Value {
        if let found = entries.withLock({ $0[key] }) { return found }
        let made = make(key)
        return entries.withLock { entries in
            if let other = entries[key] { return other }
            entries[key] = made
            return made
        }
    }
}
