/// A non-blocking all-reduce that overlaps with other work, one buffer at a time.
///
/// MPI makes progress only inside its calls, so somebody has to call `advance` again and again: between two layers
/// of the backward pass, or on a thread of its own. Under MPI it is a reduce-scatter followed by an all-gather, both
/// non-blocking: every rank receives its part of the buffer from all ranks, adds in rank order in 64 bits, and
/// sends the result to all. The bits therefore depend neither on when `advance` is called, nor on how gradients are
/// cut into buckets, nor on MPI's choice of algorithm; and 2(R−1)/R of the buffer's bytes travel, as in a ring
/// all-reduce, the least there is. In two levels (`AllReduceTopology`) these are the bytes of a host, with R the
/// number of hosts.
///
/// It is used from one thread at a time.
public protocol BackgroundAllReduce: AnyObject {
    /// Begins to replace each element by its sum over all ranks; the result has the same bits on every rank.
    ///
    /// The one before must be complete.
    ///
    /// - Parameter buffer: This rank's contribution, equally long on every rank, at most the capacity; must stay
    ///   where it is, and untouched, until the all-reduce is complete.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order for each of several.
    func begin(_ buffer: UnsafeMutableBufferPointer<Float>) throws

    /// Makes as much progress as there is without waiting.
    ///
    /// - Returns: Whether it is complete; true as well if none was begun.
    /// - Throws: `MPIError` if the communication fails.
    func advance() throws -> Bool
}

/// How the elements of a `BackgroundAllReduce` travel.
public enum WireFormat: String, Sendable, CaseIterable {
    /// As they are.
    case float32
    /// The upper half of each, rounded to nearest: half the bytes. Each contribution and each sum keeps 8 bits of
    /// precision, so that the result depends on the number of ranks; on one rank nothing travels.
    case bfloat16
}

/// A `BackgroundAllReduce` that is complete as soon as it is begun, for groups without non-blocking collectives.
final class ImmediateAllReduce: BackgroundAllReduce {
    private let group: any ProcessGroup
    private let format: WireFormat

    init(_ group: any ProcessGroup, format: WireFormat) { (self.group, self.format) = (group, format) }

    func begin(_ buffer: UnsafeMutableBufferPointer<Float>) throws {
        guard group.size > 1 else { return }
        if format == .bfloat16 { BFloat16.round(buffer) }
        try group.allReduce(buffer)
        if format == .bfloat16 { BFloat16.round(buffer) }
    }

    func advance() -> Bool { true }
}

extension ProcessGroup {
    /// Blocking all-reduces of duplicates of this group, behind the interface of non-blocking ones.
    public func makeBackgroundAllReduces(
        count: Int, capacity: Int, format: WireFormat, topology: AllReduceTopology
    ) throws -> BackgroundAllReduces {
        BackgroundAllReduces(
            try (0..<count).map { _ in ImmediateAllReduce(try duplicate(), format: format) }, levels: .flat)
    }

    /// A non-blocking all-reduce, flat over all ranks.
    ///
    /// - Parameters:
    ///   - capacity: The most elements of a buffer; the same on every rank.
    ///   - format: How elements travel; the same on every rank.
    /// - Returns: It serves one buffer at a time. Several may be under way at once.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func makeBackgroundAllReduce(
        capacity: Int, format: WireFormat = .float32
    ) throws -> any BackgroundAllReduce {
        try makeBackgroundAllReduces(count: 1, capacity: capacity, format: format, topology: .flat)
            .reductions[0]
    }
}
