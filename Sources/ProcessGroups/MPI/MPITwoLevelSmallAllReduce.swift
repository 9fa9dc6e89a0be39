internal import CMPI

/// A small all-reduce in two levels: each rank adds its part of the numbers over its host's shared memory, in rank order in
/// 64 bits, the rank of the same place on each host all-reduces that part between hosts, and every rank copies all parts.
///
/// So ⌈log₂ H⌉ rounds of H hosts go over the network, each with the numbers once a host; flat each rank of a host sends
/// them. Segments are used as in `MPITwoLevelAllReduce`: a contribution, and behind it the sums of the rank's lane.
final class MPITwoLevelSmallAllReduce: SmallAllReduce {
    /// All ranks, whose own all-reduce serves what is larger.
    private let group: MPIGroup
    private let local: MPIGroup
    /// The rank at this one's place on each host; nil if this rank is in no lane.
    private let lane: MPIGroup?
    private let lanes: Int
    private let memory: SharedMemory
    /// The segments by rank of the host.
    private let segments: [UnsafeMutablePointer<Double>]

    /// The most numbers: mean and variance of 4096 channels.
    static let capacity = 8192

    /// Elements of 32 bits of a segment.
    static func segmentCount(lanes: Int) -> Int { 2 * (capacity + capacity / lanes + 1) }

    /// - Parameters:
    ///   - group: All ranks.
    ///   - local: The ranks of the host, with messages of their own.
    ///   - lane: The rank at this one's place on each host, with messages of its own; nil if this rank is in no lane.
    ///   - lanes: How many lanes there are.
    ///   - memory: Segments of `segmentCount(lanes:)`.
    init(_ group: MPIGroup, local: MPIGroup, lane: MPIGroup?, lanes: Int, _ memory: SharedMemory) {
        (self.group, self.local, self.lane, self.lanes) = (group, local, lane, lanes)
        self.memory = memory
        let count = Self.segmentCount(lanes: lanes) / 2
        segments = memory.segments.map {
            UnsafeMutableRawPointer($0).bindMemory(to: Double.self, capacity: count)
        }
    }

    func allReduce(_ values: inout [Double]) throws {
        guard values.count <= Self.capacity else { return try group.allReduce(&values) }
        contribute(values)
        try group.waiting(for: "all-reduce of statistics") {
            try barrier()
            try reduce(values.count)
        }
        copySums(&values)
    }

    func allReduce(_ values: inout [Double], during work: () throws -> Void) throws {
        guard values.count <= Self.capacity else { return try group.allReduce(&values, during: work) }
        contribute(values)
        var request = cmpi_request_null()
        try memory.synchronize()
        try check("MPI_Ibarrier", MPI_Ibarrier(local.communicator.raw, &request))
        try work()
        try group.waiting(for: "all-reduce of statistics") {
            try check("MPI_Wait", MPI_Wait(&request, cmpi_status_ignore()))
            try memory.synchronize()
            try reduce(values.count)
        }
        copySums(&values)
    }

    /// What comes between the two barriers, and the second one.
    private func reduce(_ count: Int) throws(MPIError) {
        let part = part(of: local.rank, count)
        if let lane, !part.isEmpty {
            let sums = sums(of: local.rank)
            sums.update(repeating: 0, count: part.count)
            for rank in 0..<local.size {
                let row = segments[rank] + part.lowerBound
                for index in 0..<part.count { sums[index] += row[index] }
            }
            try check(
                "MPI_Allreduce",
                MPI_Allreduce(
                    cmpi_in_place(), sums, Int32(part.count), DataType(.double).raw, Reduction.sum.raw,
                    lane.communicator.raw))
        }
        try barrier()
    }

    private func barrier() throws(MPIError) {
        try memory.synchronize()
        try check("MPI_Barrier", MPI_Barrier(local.communicator.raw))
        try memory.synchronize()
    }

    private func contribute(_ values: [Double]) {
        let own = segments[local.rank]
        for (index, value) in values.enumerated() { own[index] = value }
    }

    private func copySums(_ values: inout [Double]) {
        for lane in 0..<lanes {
            let (part, sums) = (part(of: lane, values.count), sums(of: lane))
            for index in part { values[index] = sums[index - part.lowerBound] }
        }
    }

    /// What a lane reduces; none for a rank that is in no lane.
    private func part(of lane: Int, _ count: Int) -> Range<Int> {
        lane < lanes ? count * lane / lanes..<count * (lane + 1) / lanes : count..<count
    }

    private func sums(of rank: Int) -> UnsafeMutablePointer<Double> { segments[rank] + Self.capacity }
}
