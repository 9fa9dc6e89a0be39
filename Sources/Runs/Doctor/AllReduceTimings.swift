internal import ProcessGroups

/// How long the all-reduce of a message takes.
package struct AllReduceTiming: Sendable, Codable, Equatable {
    /// Bytes that each rank has.
    var messageBytes: Int
    /// The median over some of them, of the slowest rank.
    var seconds: Double

    package init(messageBytes: Int, seconds: Double) {
        (self.messageBytes, self.seconds) = (messageBytes, seconds)
    }

    /// Bytes of the message that are reduced in a second.
    var bytesPerSecond: Double { Double(messageBytes) / seconds }

    /// Bits that each of so many ranks has to send in a second for that, in the least.
    ///
    /// A rank sends at least 2 · (R − 1) / R times the message: its summand for every other rank's part, and the
    /// sum of its own part to every other rank.
    func bitsPerSecond(rankCount: Int) -> Double {
        8 * bytesPerSecond * 2 * Double(rankCount - 1) / Double(rankCount)
    }
}

/// Measures all-reduces of messages of several sizes.
enum AllReduceTimings {
    /// From a latency to what a bucket of gradients is at most: 1 KiB to 64 MiB.
    static let messageSizes = (0..<9).map { 1024 << (2 * $0) }
    /// A size is done after so many seconds or so many all-reduces.
    private static let (secondsPerSize, largestCount) = (0.5, 200)

    /// The time of each size; none where a rank is alone.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    static func measure(_ group: any ProcessGroup) throws -> [AllReduceTiming] {
        guard group.size > 1 else { return [] }
        // The first few connect the ranks.
        var message = [Float](repeating: 0, count: messageSizes[0] / MemoryLayout<Float>.size)
        for _ in 0..<20 { _ = try seconds(&message, group) }
        return try messageSizes.map { bytes in
            AllReduceTiming(messageBytes: bytes, seconds: try median(bytes, group))
        }
    }

    private static func median(_ bytes: Int, _ group: any ProcessGroup) throws -> Double {
        var message = [Float](repeating: 0, count: bytes / MemoryLayout<Float>.size)
        // Tells how often there is time for one.
        let first = try seconds(&message, group)
        var count = [Int64(min(max(1, secondsPerSize / max(first, 1e-9)), Double(largestCount)))]
        try group.broadcast(&count, from: 0)
        let measured = try (0..<count[0]).map { _ in try seconds(&message, group) }
        return try group.allGather([measured.median]).max() ?? 0
    }

    private static func seconds(_ message: inout [Float], _ group: any ProcessGroup) throws -> Double {
        try group.barrier()
        let start = ContinuousClock.now
        try group.allReduce(&message)
        return start.secondsUntilNow
    }
}
