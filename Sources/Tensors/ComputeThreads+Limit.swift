internal import COneDNN
internal import COpenBLAS

extension ComputeThreads {
    /// Does work with another number of threads, for measurements.
    ///
    /// Operations keep what was compiled for their shapes: on shapes that were computed before, the number of threads
    /// is that of then.
    ///
    /// - Parameters:
    ///   - count: Threads, at least 1.
    ///   - work: What is measured.
    /// - Returns: What the work returned.
    /// - Throws: What the work throws.
    package static func with<Result>(_ count: Int, _ work: () throws -> Result) rethrows -> Result {
        let before = omp_get_max_threads()
        func set(_ count: Int32) {
            omp_set_num_threads(count)
            openblas_set_num_threads(count)
        }
        set(Int32(clamping: max(1, count)))
        defer { set(before) }
        return try work()
    }
}
