internal import Hosts

/// The ranks that train together, and the collectives that they call together: MPI's communicator, PyTorch's
/// process group.
///
/// A group is used from one thread; another thread takes a duplicate. Every rank must call each collective, in the
/// same order. An error that is not a `CollectiveFailure` may have reached only some ranks: do not catch it to go
/// on, let it end the job.
public protocol ProcessGroup: AnyObject {
    /// This process's number in the group, from 0; differs between ranks.
    var rank: Int { get }

    /// How many ranks the group has; the same on every rank.
    var size: Int { get }

    /// All-reduce: replaces each element by its sum over all ranks; the result has the same bits on every rank.
    ///
    /// - Parameter buffer: This rank's contribution, equally long on every rank; then the sums. May be empty.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReduce<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>) throws

    /// All-reduce that overlaps with work of this rank.
    ///
    /// - Parameters:
    ///   - buffer: This rank's contribution, equally long on every rank; then the sums. May be empty.
    ///   - work: Done while the values travel. Must call no collectives of this group.
    /// - Throws: `MPIError` if the communication fails; what the work throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReduce<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>, during work: () throws -> Void)
        throws

    /// Broadcast: replaces the contents of every rank's buffer by those of the root's.
    ///
    /// - Parameters:
    ///   - buffer: Equally long on every rank; read on the root, written on the others. May be empty.
    ///   - root: The rank that sends; the same on every rank.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func broadcast<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>, from root: Int) throws

    /// All-gather: the values of all ranks in rank order, the same on every rank.
    ///
    /// - Parameter values: This rank's values; how many may differ between ranks, and may be none.
    /// - Returns: The values of rank 0, then those of rank 1, and so on.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allGather<E: Transmissible>(_ values: [E]) throws -> [E]

    /// Barrier: returns once every rank has called it.
    ///
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func barrier() throws

    /// A group of the same ranks whose messages cannot match those of this one, as `MPI_Comm_dup` makes it, for
    /// another thread to use while this one goes on.
    ///
    /// It belongs to the thread that first calls one of its collectives, and must not outlive
    /// `MPIRuntime.run`, which releases it.
    ///
    /// - Returns: The new group, with the same ranks in the same order.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func duplicate() throws -> any ProcessGroup

    /// The ranks of this rank's host, in rank order, as a group whose messages cannot match those of this one.
    ///
    /// It must not outlive `MPIRuntime.run`, which releases it. A group that knows no hosts need not implement this: all
    /// ranks count as those of one.
    ///
    /// - Returns: The new group; its rank 0 is the first rank of the host.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func splitByHost() throws -> any ProcessGroup

    /// The ranks of this group with the same color, in their order, as a group of their own: MPI's `MPI_Comm_split`.
    ///
    /// What such groups do has no order among them. A failure that all ranks of one know is unknown to the others:
    /// whoever catches it there tells them. A group that is never split need not implement this.
    ///
    /// - Parameter color: Any number of 0 and above; ranks with the same one come together.
    /// - Returns: The group of this rank's color. It must not outlive `MPIRuntime.run`, which releases it.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func split(color: Int) throws -> any ProcessGroup

    /// Non-blocking all-reduces, independent of all else that the group does.
    ///
    /// A group without non-blocking collectives need not implement this: by default the all-reduces block, and are
    /// flat.
    ///
    /// - Parameters:
    ///   - count: How many; the same on every rank.
    ///   - capacity: The most elements of a buffer; the same on every rank.
    ///   - format: How elements travel; the same on every rank.
    ///   - topology: Between whom they travel; the same on every rank.
    /// - Returns: Each serves one buffer at a time. Several may be under way at once.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func makeBackgroundAllReduces(
        count: Int, capacity: Int, format: WireFormat, topology: AllReduceTopology
    ) throws -> BackgroundAllReduces

    /// Small all-reduces that are waited for.
    ///
    /// A group that knows no hosts need not implement this: by default they are this group's own.
    ///
    /// - Parameter topology: Between whom they travel; the same on every rank.
    /// - Returns: They keep the order of this group's collectives.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func makeSmallAllReduce(topology: AllReduceTopology) throws -> any SmallAllReduce

    /// Among how many ranks, this one with them, a background all-reduce exchanges what a rank sends: all, or in two
    /// levels the hosts. A buffer should be so large that the part of each is worth a message.
    ///
    /// A group that knows no hosts need not implement this: by default they are all ranks.
    ///
    /// - Parameter topology: Between whom they travel; the same on every rank.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allReducePeers(_ topology: AllReduceTopology) throws -> Int

    /// Runs work in which this rank waits for the others, such as the end of a `BackgroundAllReduce`: where one of
    /// them stays away, the report of the stall says so.
    ///
    /// - Parameters:
    ///   - name: What is waited for, at most 32 bytes.
    ///   - body: The work.
    /// - Returns: What the work returned.
    /// - Throws: What the work throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func waiting<Result>(for name: StaticString, _ body: () throws -> Result) rethrows -> Result

    /// Reports that this rank makes progress with work of its own, for which others may be waiting.
    ///
    /// Where the ranks wait for one that has shown no progress for `BALLAST_STALL_SECONDS`, the job ends. Work
    /// that can take minutes without a collective calls this now and then, a batch or an iteration at a time;
    /// not from a thread that might go on while the work itself hangs. It costs next to nothing. Work that knows no
    /// group, such as reading files, notes its progress by `WorkProgress` of the module `Hosts`.
    func noteProgress()
}

extension ProcessGroup {
    /// All ranks: a group that knows no hosts is on one.
    public func splitByHost() throws -> any ProcessGroup { try duplicate() }

    /// Does the work, then the all-reduce.
    public func allReduce<E: Transmissible>(
        _ buffer: UnsafeMutableBufferPointer<E>, during work: () throws -> Void
    ) throws {
        try work()
        try allReduce(buffer)
    }

    /// Says that the group cannot be split.
    public func split(color: Int) throws -> any ProcessGroup {
        throw CollectiveFailure(
            message: "this kind of process group cannot be split", exitCode: ExitCode.internalError)
    }

    /// Runs the work: nobody watches this group.
    public func waiting<Result>(for name: StaticString, _ body: () throws -> Result) rethrows -> Result {
        try body()
    }

    /// Does nothing: nobody watches this group.
    public func noteProgress() {}
}
