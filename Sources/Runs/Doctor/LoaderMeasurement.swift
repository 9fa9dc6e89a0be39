internal import ProcessGroups
internal import Regularizers
internal import Training

/// Measures how fast this rank's loader makes batches while nothing else is computed.
enum LoaderMeasurement {
    /// Reading stops after so many seconds or so many batches.
    private static let (secondsAtMost, batchesAtMost) = (1.0, 20)

    /// Seconds in which the slowest rank reads its samples of a step.
    ///
    /// - Parameters:
    ///   - loader: This rank's part of the batches, or of the micro-batches.
    ///   - microBatches: Micro-batches of a step.
    ///   - group: The ranks.
    /// - Throws: `CollectiveFailure` where an image cannot be read, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    static func stepSeconds(
        _ loader: any BatchSource, microBatches: Int, group: any ProcessGroup
    ) throws -> Double {
        let median = try group.agree {
            // The first one opens files, and has not been prefetched.
            _ = try loader.batch(step: 0)
            let start = ContinuousClock.now
            var seconds: [Double] = []
            while seconds.isEmpty || (start.secondsUntilNow < secondsAtMost && seconds.count < batchesAtMost)
            {
                let begin = ContinuousClock.now
                _ = try loader.batch(step: seconds.count + 1)
                seconds.append(begin.secondsUntilNow)
            }
            return seconds.median
        }
        return Double(microBatches) * (try group.allGather([median]).max() ?? 0)
    }
}
