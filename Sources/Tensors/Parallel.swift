internal import COneDNN
internal import COpenBLAS
internal import Foundation

/// Threads that compute in this process: oneDNN's and those of the loops here are the same.
public enum ComputeThreads {
    /// Number of threads; the environment variable `OMP_NUM_THREADS` or the cores this process may use.
    public static var count: Int { Int(omp_get_max_threads()) }

    /// Divides the cores of this machine among the ranks on it, unless `OMP_NUM_THREADS` says otherwise.
    ///
    /// The launch scripts set that variable; this serves a plain `mpirun`. OpenBLAS, which has threads of its
    /// own, gets as many as oneDNN in any case.
    ///
    /// - Parameter rankCount: Ranks on this machine.
    public static func divide(among rankCount: Int) {
        if ProcessInfo.processInfo.environment["OMP_NUM_THREADS"] == nil {
            let cores = ProcessInfo.processInfo.processorCount
            omp_set_num_threads(Int32(max(1, min(Int(omp_get_num_procs()), cores / max(rankCount, 1)))))
        }
        openblas_set_num_threads(omp_get_max_threads())
    }
}

/// What a worker thread needs to find its part.
private struct Work {
    let count: Int
    let parts: Int
    let body: (Range<Int>) -> Void
}

/// Below this many elements a loop stays on the calling thread: starting others would take longer.
private let smallestParallelCount = 1 << 14

/// Splits `0 ..< count` into equal contiguous ranges, one a thread, and runs `body` on each.
///
/// The threads are those of the OpenMP runtime, which oneDNN uses as well, so that the two never compete.
/// Ranges depend only on `count` and the number of threads.
///
/// - Parameters:
///   - count: Number of units of work.
///   - weight: Elements in one unit, to decide whether threads are worth it.
///   - body: Called once a range; must touch nothing that another range touches.
func parallelRanges(_ count: Int, weight: Int = 1, _ body: (Range<Int>) -> Void) {
    let threads = min(Int(omp_get_max_threads()), count)
    guard threads > 1, count * weight >= smallestParallelCount else {
        if count > 0 { body(0..<count) }
        return
    }
    withoutActuallyEscaping(body) { body in
        var work = Work(count: count, parts: threads, body: body)
        withUnsafeMutablePointer(to: &work) { pointer in
            GOMP_parallel(
                { data in
                    guard let work = data?.assumingMemoryBound(to: Work.self) else { return }
                    // The runtime may grant fewer threads than asked for: each takes every n-th part.
                    var part = Int(omp_get_thread_num())
                    let granted = Int(omp_get_num_threads())
                    while part < work.pointee.parts {
                        let (count, parts) = (work.pointee.count, work.pointee.parts)
                        work.pointee.body(count * part / parts..<count * (part + 1) / parts)
                        part += granted
                    }
                }, pointer, UInt32(threads), 0)
        }
    }
}
