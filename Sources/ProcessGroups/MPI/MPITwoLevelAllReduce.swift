internal import CMPI

/// A non-blocking all-reduce in two levels: `AllReduceTopology.twoLevel`.
///
/// Each rank copies its contribution into its segment of the host's shared memory. After a barrier of the host, rank
/// l adds the parts l of all its host's segments, and lane l all-reduces that part between hosts. After another barrier
/// every rank copies the parts of all lanes back.
///
/// A segment is the contribution, and behind it the sums of the rank's lane. A rank that begins the next all-reduce
/// overwrites its contribution only, which nobody reads any more; sums are overwritten after the next first barrier,
/// which comes after every rank has copied them.
package final class MPITwoLevelAllReduce: BackgroundAllReduce {
    /// How far an all-reduce is.
    package enum Phase: Sendable {
        /// Nothing is under way.
        case idle
        /// Contributions are being copied by the ranks of the host.
        case collecting
        /// This rank's lane is under way.
        case crossing
        /// Other lanes of the host may be under way.
        case sharing
    }

    /// One of several slots in the segments, each of `capacity` contributions and the sums of a lane.
    struct Slot {
        let memory: SharedMemory
        let start: Int
        let capacity: Int

        /// Elements of a slot.
        static func size(capacity: Int, lanes: Int) -> Int {
            (capacity + capacity / lanes + 1 + 15) / 16 * 16
        }
    }

    private let local: MPIGroup
    private let lane: MPIBackgroundAllReduce?
    private let lanes: Int
    private let slot: Slot
    private let format: WireFormat
    /// How far this one is on this rank; checks look.
    package private(set) var phase = Phase.idle
    private var buffer = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
    private var request: MPI_Request? = cmpi_request_null()
    private let sums = UnsafeMutablePointer<Double>.allocate(capacity: MPITwoLevelAllReduce.blockCount)

    /// Elements that are added at a time: they stay in the first-level cache.
    private static let blockCount = 1024

    /// - Parameters:
    ///   - local: The ranks of the host, with messages of their own.
    ///   - lane: All-reduces between hosts; nil if this rank is in no lane.
    ///   - lanes: How many lanes there are.
    ///   - slot: Where in shared memory.
    ///   - format: How elements travel between hosts.
    init(_ local: MPIGroup, lane: MPIBackgroundAllReduce?, lanes: Int, slot: Slot, format: WireFormat) {
        (self.local, self.lane, self.lanes, self.slot, self.format) = (local, lane, lanes, slot, format)
    }

    deinit { sums.deallocate() }

    package func begin(_ buffer: UnsafeMutableBufferPointer<Float>) throws {
        precondition(phase == .idle, "an all-reduce begun before the last one was complete")
        precondition(
            buffer.count <= slot.capacity,
            "an all-reduce of \(buffer.count) elements, at most \(slot.capacity)")
        guard let start = buffer.baseAddress, buffer.count > 0 else { return }
        self.buffer = buffer
        contribution(of: local.rank).update(from: start, count: buffer.count)
        try beginBarrier()
        phase = .collecting
    }

    package func advance() throws -> Bool {
        if phase == .collecting {
            guard try passedBarrier() else { return false }
            if let lane {
                let own = part(of: local.rank)
                addContributions(own)
                try lane.begin(
                    UnsafeMutableBufferPointer(start: laneSums(of: local.rank), count: own.count))
            }
            phase = .crossing
        }
        if phase == .crossing {
            guard try lane?.advance() ?? true else { return false }
            try beginBarrier()
            phase = .sharing
        }
        if phase == .sharing {
            guard try passedBarrier() else { return false }
            copySums()
            phase = .idle
        }
        return true
    }

    private func beginBarrier() throws(MPIError) {
        try slot.memory.synchronize()
        try check("MPI_Ibarrier", MPI_Ibarrier(local.communicator.raw, &request))
    }

    private func passedBarrier() throws(MPIError) -> Bool {
        var flag: Int32 = 0
        try check("MPI_Test", MPI_Test(&request, &flag, cmpi_status_ignore()))
        if flag != 0 { try slot.memory.synchronize() }
        return flag != 0
    }

    private func contribution(of rank: Int) -> UnsafeMutablePointer<Float> {
        slot.memory.segments[rank] + slot.start
    }

    private func laneSums(of rank: Int) -> UnsafeMutablePointer<Float> {
        contribution(of: rank) + slot.capacity
    }

    /// What a lane reduces.
    private func part(of lane: Int) -> Range<Int> {
        buffer.count * lane / lanes..<buffer.count * (lane + 1) / lanes
    }

    /// Adds the host's contributions to a part in rank order, and rounds once.
    private func addContributions(_ part: Range<Int>) {
        let target = laneSums(of: local.rank)
        for blockStart in stride(from: part.lowerBound, to: part.upperBound, by: Self.blockCount) {
            let block = min(Self.blockCount, part.upperBound - blockStart)
            sums.update(repeating: 0, count: block)
            for rank in 0..<local.size {
                let row = contribution(of: rank) + blockStart
                for index in 0..<block { sums[index] += Double(row[index]) }
            }
            let into = target + (blockStart - part.lowerBound)
            switch format {
            case .float32: for index in 0..<block { into[index] = Float(sums[index]) }
            case .bfloat16: for index in 0..<block { into[index] = BFloat16.nearest(sums[index]) }
            }
        }
    }

    private func copySums() {
        guard let whole = buffer.baseAddress else { return }
        for lane in 0..<lanes {
            let part = part(of: lane)
            (whole + part.lowerBound).update(from: laneSums(of: lane), count: part.count)
        }
    }
}
