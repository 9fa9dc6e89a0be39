internal import CMPI
internal import Foundation

/// A process group that is an MPI communicator.
package final class MPIGroup: ProcessGroup {
    package let rank: Int
    package let size: Int

    /// The most elements that go into one MPI call; larger buffers travel in pieces.
    ///
    /// MPI counts in `Int32`, and some algorithms of OpenMPI count bytes in `Int32`, too, so the default
    /// stays well below. The same on every rank; tests lower it.
    package var largestCount = 1 << 26 {
        willSet { precondition(1...Int(Int32.max) ~= newValue, "largestCount \(newValue)") }
    }

    /// Ranks that are taken for one host's, as many as these one after the other; nil: those that can share memory.
    /// The same on every rank; tests set it to have several hosts on one.
    package var ranksPerHost: Int? {
        willSet {
            precondition(newValue.map { $0 > 0 } ?? true, "ranksPerHost \(String(describing: newValue))")
        }
        didSet { knownDivision = nil }
    }

    let communicator: Communicator
    private var isReleased = false
    private var duplicates: [MPIGroup] = []
    private var sharedMemory: [SharedMemory] = []
    private var knownDivision: HostDivision?
    private let staging = StagingMemory()
    /// The thread that uses the group: the first that called a collective.
    private var thread: pthread_t?

    /// What this rank is doing, for the stall inspector.
    let activity: Activity
    /// Whether the collectives of this group are noted there: of the group of all ranks, not of duplicates,
    /// whose order among these is nobody's.
    private let isWatched: Bool
    /// Whether this is a part of the ranks: while others wait for it, each of its collectives is a sign of progress.
    private let isPart: Bool

    /// The ranks of a communicator, which the group frees in `release` if it is owned.
    ///
    /// - Parameters:
    ///   - communicator: The ranks.
    ///   - original: The group of which this one is a duplicate or a part.
    ///   - isPart: Whether it is a part with a course of its own.
    init(
        _ communicator: Communicator, duplicateOf original: MPIGroup? = nil, isPart: Bool = false
    ) throws(MPIError) {
        var rank: Int32 = 0
        var size: Int32 = 0
        try check("MPI_Comm_rank", MPI_Comm_rank(communicator.raw, &rank))
        try check("MPI_Comm_size", MPI_Comm_size(communicator.raw, &size))
        self.communicator = communicator
        self.rank = Int(rank)
        self.size = Int(size)
        activity = original?.activity ?? Activity()
        isWatched = original == nil
        self.isPart = isPart
    }

    package func duplicate() throws -> any ProcessGroup { try makeDuplicate() }

    func makeDuplicate() throws -> MPIGroup {
        let copy = try noted("duplicate") { () throws(MPIError) in try communicator.duplicate() }
        return try adopt(copy)
    }

    package func splitByHost() throws -> any ProcessGroup {
        try noted("split by host") { try makeHostGroup() }
    }

    /// The ranks of this one's host; those that `ranksPerHost` makes one host.
    func makeHostGroup() throws(MPIError) -> MPIGroup {
        guard let ranksPerHost, let part = try communicator.split(color: rank / ranksPerHost) else {
            return try adopt(try communicator.splitByHost())
        }
        return try adopt(part)
    }

    package func split(color: Int) throws -> any ProcessGroup {
        precondition(color >= 0, "color \(color)")
        let part = try noted("split") { () throws(MPIError) in try communicator.split(color: color) }
        guard let part else { preconditionFailure("a rank with a color is in no part") }
        return try adopt(part, isPart: true)
    }

    /// How the ranks lie on hosts, asked for once.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func division() throws -> HostDivision {
        if let knownDivision { return knownDivision }
        let division = try HostDivision(self)
        knownDivision = division
        return division
    }

    /// A group of ranks of this one, which this one releases.
    func adopt(_ communicator: Communicator, isPart: Bool = false) throws(MPIError) -> MPIGroup {
        let part = try MPIGroup(communicator, duplicateOf: self, isPart: isPart)
        part.largestCount = largestCount
        duplicates.append(part)
        return part
    }

    /// Memory that this group gives back.
    func adopt(_ memory: SharedMemory) { sharedMemory.append(memory) }

    /// Frees the communicator and those of the group's duplicates; to be called before MPI ends, after which
    /// the group is of no use, and when no other thread uses a duplicate any more.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func release() throws(MPIError) {
        guard !isReleased else { return }
        isReleased = true
        for memory in sharedMemory { try memory.release() }
        for copy in duplicates { try copy.release() }
        try communicator.free()
    }

    package func allReduce<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>) throws {
        try forEachPiece(of: buffer, "all-reduce") { start, count throws(MPIError) in
            try check(
                "MPI_Allreduce",
                MPI_Allreduce(
                    cmpi_in_place(), start, count, DataType(E.transmissibleKind).raw, Reduction.sum.raw,
                    communicator.raw))
        }
    }

    package func allReduce<E: Transmissible>(
        _ buffer: UnsafeMutableBufferPointer<E>, during work: () throws -> Void
    ) throws {
        guard size > 1, buffer.count <= largestCount, let start = buffer.baseAddress else {
            try work()
            return try allReduce(buffer)
        }
        assertUsable()
        let byteCount = buffer.count * MemoryLayout<E>.stride
        let travelling = staging.bytes(byteCount)
        travelling.copyMemory(from: start, byteCount: byteCount)
        var request = cmpi_request_null()
        try check(
            "MPI_Iallreduce",
            MPI_Iallreduce(
                cmpi_in_place(), travelling, Int32(buffer.count), DataType(E.transmissibleKind).raw,
                Reduction.sum.raw, communicator.raw, &request))
        try work()
        try noted("all-reduce") { () throws(MPIError) in
            try check("MPI_Wait", MPI_Wait(&request, cmpi_status_ignore()))
        }
        UnsafeMutableRawPointer(start).copyMemory(from: travelling, byteCount: byteCount)
    }

    package func broadcast<E: Transmissible>(
        _ buffer: UnsafeMutableBufferPointer<E>, from root: Int
    ) throws {
        precondition(0..<size ~= root, "broadcast from rank \(root) in a group of \(size)")
        try forEachPiece(of: buffer, "broadcast") { start, count throws(MPIError) in
            try check(
                "MPI_Bcast",
                MPI_Bcast(start, count, DataType(E.transmissibleKind).raw, Int32(root), communicator.raw))
        }
    }

    package func allGather<E: Transmissible>(_ values: [E]) throws -> [E] {
        try noted("all-gather") { try allGatherUnnoted(values) }
    }

    private func allGatherUnnoted<E: Transmissible>(_ values: [E]) throws -> [E] {
        let counts = try allGatherCounts(values.count)
        var all = [E](repeating: .zero, count: counts.reduce(0, +))
        // Every rank comes to the same answer here, because every rank has the same counts.
        if all.count <= largestCount {
            try allGather(values, into: &all, counts: counts)
        } else {
            try allGatherInPieces(values, into: &all, counts: counts)
        }
        return all
    }

    package func barrier() throws {
        try noted("barrier") { () throws(MPIError) in
            try check("MPI_Barrier", MPI_Barrier(communicator.raw))
        }
    }

    package func waiting<Result>(
        for name: StaticString, _ body: () throws -> Result
    ) rethrows -> Result {
        try noted(name, body)
    }

    package func noteProgress() { activity.noteProgress() }

    /// Runs a collective, and notes for the stall inspector that this rank takes part.
    private func noted<Value, Failure: Error>(
        _ name: StaticString, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        assertUsable()
        if isWatched { return try activity.within(name, body) }
        defer { if isPart { noteProgress() } }
        return try body()
    }

    /// How many values each rank has.
    private func allGatherCounts(_ count: Int) throws(MPIError) -> [Int] {
        let type = DataType(.int64).raw
        var own = Int64(count)
        var counts = [Int64](repeating: 0, count: size)
        try check("MPI_Allgather", MPI_Allgather(&own, 1, type, &counts, 1, type, communicator.raw))
        return counts.map { Int($0) }
    }

    /// All-gather in one call; the total of the counts must fit into `Int32`.
    private func allGather<E: Transmissible>(
        _ values: [E], into all: inout [E], counts: [Int]
    ) throws(MPIError) {
        let type = DataType(E.transmissibleKind).raw
        let narrowCounts = counts.map { Int32($0) }
        var starts: [Int32] = []
        var start: Int32 = 0
        for count in narrowCounts {
            starts.append(start)
            start += count
        }
        try check(
            "MPI_Allgatherv",
            MPI_Allgatherv(
                values, Int32(values.count), type, &all, narrowCounts, starts, type, communicator.raw))
    }

    /// All-gather of what is too large for one call: each rank in turn broadcasts its values.
    private func allGatherInPieces<E: Transmissible>(
        _ values: [E], into all: inout [E], counts: [Int]
    ) throws {
        try all.withUnsafeMutableBufferPointer { all in
            var start = 0
            for root in 0..<size {
                let part = UnsafeMutableBufferPointer(rebasing: all[start..<start + counts[root]])
                if root == rank { _ = part.update(fromContentsOf: values) }
                try broadcast(part, from: root)
                start += counts[root]
            }
        }
    }

    /// Calls `body` with the start and the count of each piece of at most `largestCount` elements.
    private func forEachPiece<E>(
        of buffer: UnsafeMutableBufferPointer<E>, _ name: StaticString,
        _ body: (UnsafeMutablePointer<E>?, Int32) throws(MPIError) -> Void
    ) throws(MPIError) {
        try noted(name) { () throws(MPIError) in
            for start in stride(from: 0, to: buffer.count, by: largestCount) {
                let count = min(largestCount, buffer.count - start)
                try body(buffer.baseAddress?.advanced(by: start), Int32(count))
                if isWatched { noteProgress() }
            }
        }
    }

    /// Traps on use after `release`, and in debug builds on use from a second thread.
    private func assertUsable() {
        precondition(!isReleased, "process group used after MPIRuntime.run has returned")
        assert(isOnItsThread(), "process group used from two threads; a duplicate is for the second one")
    }

    private func isOnItsThread() -> Bool {
        let current = pthread_self()
        guard let thread else {
            thread = current
            return true
        }
        return pthread_equal(thread, current) != 0
    }
}
