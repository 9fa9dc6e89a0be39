internal import Synchronization

/// Signs that this process gets on with long work, for which other ranks may be waiting: reading, hashing, decoding
/// and writing files, which on a slow disk takes longer than a stall may.
///
/// What watches the ranks looks at the number now and then. It is counted by whatever thread does the work, after each
/// piece and never on a timer: where a file system hangs, the number stands still.
public enum WorkProgress {
    private static let pieces = Atomic<Int64>(0)

    /// Pieces of work that this process has done.
    public static var count: Int64 { pieces.load(ordering: .relaxed) }

    /// Notes that a piece of work was done: a file, or some megabytes of one. Costs next to nothing.
    public static func note() { pieces.wrappingAdd(1, ordering: .relaxed) }
}
