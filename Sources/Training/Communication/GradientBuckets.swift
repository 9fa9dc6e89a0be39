internal import Layers
internal import Tensors

/// How the buffer of all gradients is cut into the pieces that are all-reduced.
///
/// Buckets follow one another in the order in which a backward pass completes them. The new head, whose
/// gradients come first, has buckets of its own: they are small, so that communication begins early, and where
/// only the head trains nothing else is sent. The others are of one size and know nothing of parameters, except
/// that a bucket is complete when all parameters that reach into it are.
struct GradientBuckets {
    /// Ranges of the buffer.
    let ranges: [Range<Int>]
    /// Buckets of the head.
    let headCount: Int
    /// Parameters that reach into each bucket.
    let memberCounts: [Int]
    /// Buckets that a parameter reaches into, by its variable.
    let bucketsOfVariable: [ObjectIdentifier: Range<Int>]

    /// Bytes of a bucket.
    ///
    /// Measured over 1 Gbit/s with ResNet-50 on 2 ranks, overlap on a thread of its own: a step takes 1.29, 1.24
    /// and 1.31 s in buckets of 128, 256 and 512 KiB, and more in larger ones: these delay the small messages of
    /// batch normalization, and overflow queues in the network. With many peers a bucket grows, so that a rank sends no
    /// more than two messages for 32 KiB of gradients, however many peers there are: 6400 a step for ResNet-50.
    ///
    /// - Parameter peers: Ranks that exchange parts of a bucket with one another: all, or in two levels the hosts, since
    ///   a host's ranks share the bucket and each sends its part to the rank of the same place on every other host.
    static func bytes(peers: Int) -> Int { max(1 << 18, peers << 15) }

    /// Cuts the buffer.
    ///
    /// - Parameters:
    ///   - store: The gradients.
    ///   - bytes: Size of a bucket.
    init(_ store: ParameterStore, bytes: Int) {
        let size = max(bytes / MemoryLayout<Float>.stride, 1)
        let headEnd =
            store.headCount < store.entries.count
            ? store.entries[store.headCount].range.lowerBound : store.gradients.count
        func cut(_ range: Range<Int>) -> [Range<Int>] {
            stride(from: range.lowerBound, to: range.upperBound, by: size).map {
                $0..<min($0 + size, range.upperBound)
            }
        }
        let head = cut(0..<headEnd)
        let ranges = head + cut(headEnd..<store.gradients.count)
        var memberCounts = [Int](repeating: 0, count: ranges.count)
        var bucketsOfVariable: [ObjectIdentifier: Range<Int>] = [:]
        var first = 0
        for entry in store.entries where !entry.range.isEmpty {
            while ranges[first].upperBound <= entry.range.lowerBound { first += 1 }
            var end = first
            while end < ranges.count, ranges[end].lowerBound < entry.range.upperBound {
                memberCounts[end] += 1
                end += 1
            }
            bucketsOfVariable[ObjectIdentifier(entry.parameter.variable)] = first..<end
        }
        (self.ranges, headCount) = (ranges, head.count)
        (self.memberCounts, self.bucketsOfVariable) = (memberCounts, bucketsOfVariable)
    }
}
