/// A group of one rank, without MPI: every collective returns at once.
public final class SoloGroup: ProcessGroup {
    /// Always 0.
    public let rank = 0

    /// Always 1.
    public let size = 1

    /// A group of its own.
    public init() {}

    /// Leaves the buffer as it is: the sum over one rank.
    ///
    /// - Parameter buffer: The only rank's contribution, which is the sum.
    public func allReduce<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>) {}

    /// Leaves the buffer as it is.
    ///
    /// - Parameters:
    ///   - buffer: What the only rank has.
    ///   - root: Must be 0.
    public func broadcast<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>, from root: Int) {
        precondition(root == 0, "broadcast from rank \(root) in a group of 1")
    }

    /// The values themselves.
    ///
    /// - Parameter values: What the only rank has.
    public func allGather<E: Transmissible>(_ values: [E]) -> [E] { values }

    /// Returns at once.
    public func barrier() {}

    /// Another group of one rank.
    public func duplicate() -> any ProcessGroup { SoloGroup() }

    /// Another group of one rank.
    public func split(color: Int) -> any ProcessGroup { SoloGroup() }
}
