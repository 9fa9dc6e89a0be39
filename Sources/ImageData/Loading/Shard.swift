/// One part of work that is divided among ranks.
public struct Shard: Sendable, Hashable {
    /// Which part, `0 ..< size`.
    public let rank: Int
    /// Number of parts.
    public let size: Int

    /// A part of so many.
    public init(rank: Int, size: Int) {
        precondition(size >= 1 && rank >= 0 && rank < size, "rank \(rank) of \(size)")
        self.rank = rank
        self.size = size
    }

    /// All the work.
    public static let whole = Shard(rank: 0, size: 1)

    /// This part of `count` things, contiguous: `⌈count / size⌉` things for the first ranks, `⌊count / size⌋`
    /// for the others. In order of rank the parts make up `0 ..< count`.
    public func slice(of count: Int) -> Range<Int> {
        precondition(count >= 0, "a slice of \(count) things")
        let (smaller, larger) = count.quotientAndRemainder(dividingBy: size)
        let start = rank * smaller + min(rank, larger)
        return start..<start + smaller + (rank < larger ? 1 : 0)
    }
}
