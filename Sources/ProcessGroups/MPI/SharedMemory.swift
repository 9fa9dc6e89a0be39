internal import CMPI
internal import Foundation

/// Memory that the ranks of a host share: one segment a rank, which all of them read and write.
///
/// Who may touch what, and when, is the user's affair: a barrier and `synchronize` lie between a write and its reads.
final class SharedMemory {
    /// The segments by rank of the host, each as long as was asked for.
    let segments: [UnsafeMutablePointer<Float>]
    private var window: MPI_Win?

    /// Shared memory with a segment of `count` elements for each rank, filled with zeros.
    ///
    /// - Throws: `MPIError` where there is none, perhaps on some ranks only: what follows must be agreed on.
    /// - Important: Collective: every rank of the host must call this, in the same order.
    init(_ local: MPIGroup, count: Int) throws(MPIError) {
        var window = cmpi_window_null()
        var own: UnsafeMutableRawPointer?
        // The next segment begins on a cache line of its own.
        let bytes = MPI_Aint((count * MemoryLayout<Float>.stride + 63) / 64 * 64)
        try withUnsafeMutablePointer(to: &own) { start throws(MPIError) in
            try check(
                "MPI_Win_allocate_shared",
                MPI_Win_allocate_shared(bytes, 1, cmpi_info_null(), local.communicator.raw, start, &window))
        }
        self.window = window
        try check("MPI_Win_lock_all", MPI_Win_lock_all(MPI_MODE_NOCHECK, window))
        var segments: [UnsafeMutablePointer<Float>] = []
        for rank in 0..<local.size {
            var (size, unit): (MPI_Aint, Int32) = (0, 0)
            var start: UnsafeMutableRawPointer?
            try withUnsafeMutablePointer(to: &start) { start throws(MPIError) in
                try check(
                    "MPI_Win_shared_query", MPI_Win_shared_query(window, Int32(rank), &size, &unit, start))
            }
            guard let start, size >= bytes else {
                throw MPIError(call: "MPI_Win_shared_query", code: -1, text: "no memory of rank \(rank)")
            }
            segments.append(start.assumingMemoryBound(to: Float.self))
        }
        self.segments = segments
        // The pages are there from here on, or this ends the job now and not in the middle of training.
        segments[local.rank].update(repeating: 0, count: count)
    }

    /// Where OpenMPI keeps what ranks share.
    private static let folder = "/dev/shm"

    /// What is missing for segments of `count` elements on a host of `ranks`; nil if nothing is.
    ///
    /// MPI may give memory that is not there: the first write would then end the process by a signal.
    static func shortage(count: Int, ranks: Int) -> String? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        let free = Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).0)
        let needed = ranks * count * MemoryLayout<Float>.stride + (1 << 20)
        return free >= needed ? nil : "\(folder) has \(free >> 20) MiB free; needed are \(needed >> 20)"
    }

    /// Makes what this rank wrote visible to the others, and what they wrote to this one.
    func synchronize() throws(MPIError) { try check("MPI_Win_sync", MPI_Win_sync(window)) }

    /// Gives the memory back.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the host must call this, in the same order.
    func release() throws(MPIError) {
        try check("MPI_Win_unlock_all", MPI_Win_unlock_all(window))
        try check("MPI_Win_free", MPI_Win_free(&window))
    }
}
