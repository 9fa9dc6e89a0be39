internal import Foundation

/// What an all-reduce takes of a rank's processor, over the network that the ranks have: a thread that only looks now and
/// then, and sleeps in between, is charged with nothing but the work.
package enum AllReduceProcessorTime {
    private static let repetitions = 3
    private static let pauseMicroseconds: UInt32 = 200

    /// Seconds of the processor that a rank takes to all-reduce so many numbers over all ranks, flat: the mean over
    /// ranks of the shortest of a few.
    ///
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func seconds(count: Int, over group: any ProcessGroup) throws -> Double {
        let reduction = try group.makeBackgroundAllReduce(capacity: count)
        var values = [Float](repeating: 1, count: count)
        var shortest = Double.infinity
        // The first one connects the ranks.
        for _ in 0...repetitions {
            try group.barrier()
            let start = threadSeconds
            try values.withUnsafeMutableBufferPointer { buffer in
                try reduction.begin(buffer)
                try group.waiting(for: "all-reduce") {
                    while try !reduction.advance() { usleep(pauseMicroseconds) }
                }
            }
            shortest = min(shortest, threadSeconds - start)
        }
        return try group.allReduce(shortest) / Double(group.size)
    }

    /// Seconds that this thread has had a processor.
    private static var threadSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
