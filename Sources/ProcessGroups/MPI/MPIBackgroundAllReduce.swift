internal import CMPI

/// A non-blocking all-reduce under MPI, on a communicator of its own: a reduce-scatter, as `MPI_Ialltoallv` and an
/// addition in rank order, and then `MPI_Iallgatherv`.
final class MPIBackgroundAllReduce: BackgroundAllReduce {
    private enum Phase {
        /// Nothing is under way.
        case idle
        /// Every rank receives its part from all ranks.
        case scattering
        /// Every rank receives the sums of the other parts.
        case gathering
    }

    private let group: MPIGroup
    private let capacity: Int
    private let format: WireFormat
    private var phase = Phase.idle
    private var buffer = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
    private var request: MPI_Request? = cmpi_request_null()

    /// Parts of the buffer by rank: where each begins, and how many elements it has. MPI reads them while
    /// data travels, so they stay in one place.
    private let starts: UnsafeMutablePointer<Int32>
    private let counts: UnsafeMutablePointer<Int32>
    /// The same of what this rank receives: its part, once from each rank.
    private let ownStarts: UnsafeMutablePointer<Int32>
    private let ownCounts: UnsafeMutablePointer<Int32>

    /// This rank's part as all ranks sent it, in rank order: 32-bit numbers, or 16-bit ones in half of it.
    private let received: UnsafeMutableRawPointer
    /// The whole buffer in 16 bits; empty where 32 bits travel.
    private let narrow: UnsafeMutablePointer<UInt16>
    private let sums: UnsafeMutablePointer<Double>

    /// Elements that are reduced at a time: they stay in the first-level cache.
    private static let blockCount = 1024

    init(_ group: MPIGroup, capacity: Int, format: WireFormat) {
        precondition(0...Int(Int32.max) ~= capacity, "an all-reduce of \(capacity) elements")
        (self.group, self.capacity, self.format) = (group, capacity, format)
        starts = .allocate(capacity: group.size)
        counts = .allocate(capacity: group.size)
        ownStarts = .allocate(capacity: group.size)
        ownCounts = .allocate(capacity: group.size)
        // Parts are rounded up by less than one element a rank.
        let largest = (capacity / group.size + 1) * group.size
        received = .allocate(byteCount: largest * format.elementBytes, alignment: 64)
        narrow = .allocate(capacity: format == .bfloat16 ? capacity : 0)
        sums = .allocate(capacity: Self.blockCount)
    }

    deinit {
        starts.deallocate()
        counts.deallocate()
        ownStarts.deallocate()
        ownCounts.deallocate()
        received.deallocate()
        narrow.deallocate()
        sums.deallocate()
    }

    func begin(_ buffer: UnsafeMutableBufferPointer<Float>) throws {
        precondition(phase == .idle, "an all-reduce begun before the last one was complete")
        precondition(
            buffer.count <= capacity, "an all-reduce of \(buffer.count) elements, at most \(capacity)")
        guard group.size > 1, let start = buffer.baseAddress else { return }
        self.buffer = buffer
        divide(buffer.count)
        if format == .bfloat16 {
            for index in 0..<buffer.count { narrow[index] = BFloat16.bits(start[index]) }
        }
        try check(
            "MPI_Ialltoallv",
            MPI_Ialltoallv(
                sent, counts, starts, format.dataType.raw, received, ownCounts, ownStarts,
                format.dataType.raw, group.communicator.raw, &request))
        phase = .scattering
    }

    func advance() throws -> Bool {
        if phase == .scattering {
            guard try isComplete() else { return false }
            reduce()
            try check(
                "MPI_Iallgatherv",
                MPI_Iallgatherv(
                    cmpi_in_place(), 0, cmpi_datatype_null(), sent, counts, starts, format.dataType.raw,
                    group.communicator.raw, &request))
            phase = .gathering
        }
        if phase == .gathering {
            guard try isComplete() else { return false }
            if format == .bfloat16, let start = buffer.baseAddress {
                for index in 0..<buffer.count { start[index] = BFloat16.value(narrow[index]) }
            }
            phase = .idle
        }
        return true
    }

    /// What travels: the buffer itself, or its copy in 16 bits.
    private var sent: UnsafeMutableRawPointer? {
        switch format {
        case .float32: UnsafeMutableRawPointer(buffer.baseAddress)
        case .bfloat16: UnsafeMutableRawPointer(narrow)
        }
    }

    private func isComplete() throws(MPIError) -> Bool {
        var flag: Int32 = 0
        try check("MPI_Test", MPI_Test(&request, &flag, cmpi_status_ignore()))
        return flag != 0
    }

    /// Cuts `0 ..< count` into one part a rank; equal on every rank.
    private func divide(_ count: Int) {
        let own = count * (group.rank + 1) / group.size - count * group.rank / group.size
        for rank in 0..<group.size {
            let start = count * rank / group.size
            starts[rank] = Int32(start)
            counts[rank] = Int32(count * (rank + 1) / group.size - start)
            ownStarts[rank] = Int32(own * rank)
            ownCounts[rank] = Int32(own)
        }
    }

    /// Reduces this rank's part in rank order, and puts the sums into what travels.
    private func reduce() {
        guard let whole = buffer.baseAddress else { return }
        let (start, count) = (Int(starts[group.rank]), Int(counts[group.rank]))
        for blockStart in stride(from: 0, to: count, by: Self.blockCount) {
            let block = min(Self.blockCount, count - blockStart)
            sums.update(repeating: 0, count: block)
            for rank in 0..<group.size {
                let first = rank * count + blockStart
                switch format {
                case .float32:
                    let row = received.assumingMemoryBound(to: Float.self) + first
                    for index in 0..<block { sums[index] += Double(row[index]) }
                case .bfloat16:
                    let row = received.assumingMemoryBound(to: UInt16.self) + first
                    for index in 0..<block { sums[index] += Double(BFloat16.value(row[index])) }
                }
            }
            let target = start + blockStart
            switch format {
            case .float32: for index in 0..<block { whole[target + index] = Float(sums[index]) }
            case .bfloat16:
                for index in 0..<block { narrow[target + index] = BFloat16.bits(Float(sums[index])) }
            }
        }
    }
}

extension WireFormat {
    /// Bytes of an element on the wire.
    package var elementBytes: Int {
        switch self {
        case .float32: 4
        case .bfloat16: 2
        }
    }

    /// MPI's type of an element.
    fileprivate var dataType: DataType {
        switch self {
        case .float32: DataType(.float)
        // Bits are moved, never added by MPI.
        case .bfloat16: DataType.uint16
        }
    }
}
