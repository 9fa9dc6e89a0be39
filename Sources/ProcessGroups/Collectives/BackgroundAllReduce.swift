/// A sum over the ranks that goes on beside other work, one buffer at a time.
///
/// MPI moves data only inside its calls, so somebody has to call `advance` again and again: between two layers,
/// or on a thread of its own. The sum is made in two exchanges, each non-blocking: every rank receives all
/// summands of one part of the buffer, adds them in the order of the ranks in 64 bits, and gives the result to
/// all. The bits therefore depend neither on when `advance` is called, nor on how the buffer is cut, nor on
/// MPI's choice of algorithm; and as many bytes travel as in the best of those, 2(R−1)/R of the buffer.
///
/// A sum is used from one thread at a time.
public protocol BackgroundAllReduce: AnyObject {
    /// Begins to replace each element by its sum over all ranks; the result has the same bits on every rank.
    ///
    /// The sum before must be complete.
    ///
    /// - Parameter buffer: This rank's summands, as many on every rank, at most the capacity; must stay where
    ///   it is, and untouched, until the sum is complete.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order for each sum.
    func begin(_ buffer: UnsafeMutableBufferPointer<Float>) throws

    /// Moves the sum on as far as it goes without waiting.
    ///
    /// - Returns: Whether it is complete; true as well if none was begun.
    /// - Throws: `MPIError` if the communication fails.
    func advance() throws -> Bool
}

/// How the elements of a `BackgroundAllReduce` travel.
public enum WireFormat: String, Sendable, CaseIterable {
    /// As they are.
    case float32
    /// The upper half of each, rounded to nearest: half the bytes. Each summand and each sum keeps 8 bits of
    /// precision, so that the result depends on the number of ranks; on one rank nothing travels.
    case bfloat16
}

/// A `BackgroundAllReduce` that is complete as soon as it is begun, for groups without non-blocking communication.
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
    /// What sums buffers over the ranks beside other work, independently of all else that the group does.
    ///
    /// - Parameters:
    ///   - capacity: The most elements of a buffer; the same on every rank.
    ///   - format: How elements travel; the same on every rank.
    /// - Returns: A sum, for one buffer at a time. Several may be under way at once.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func makeBackgroundAllReduce(capacity: Int, format: WireFormat = .float32) throws
        -> any BackgroundAllReduce
    {
        let own = try duplicate()
        if let group = own as? MPIGroup {
            return MPIBackgroundAllReduce(group, capacity: capacity, format: format)
        }
        return ImmediateAllReduce(own, format: format)
    }
}
