internal import ProcessGroups
internal import Tensors

/// Sums the gradients of all ranks, bucket by bucket, in the order in which they become complete.
///
/// You are here: the tape reports each gradient that is complete; `ProcessGroups` sums a bucket as soon as
/// all gradients in it are. Buckets are taken in a fixed order, the same on every rank.
/// Next: `SGD.swift`.
final class GradientSynchronizer {
    private struct Bucket {
        let range: Range<Int>
        let members: Int
    }

    /// The first bucket is small, so that communication begins early.
    static let firstBucketBytes = 1 << 20
    /// Size from which a bucket is closed.
    static let bucketBytes = 16 << 20

    private let store: ParameterStore
    private let group: any ProcessGroup
    private let stopwatch: Stopwatch
    private let buckets: [Bucket]
    private let bucketOfVariable: [ObjectIdentifier: Int]
    private var missing: [Int] = []
    private var next = 0

    /// - Parameters:
    ///   - store: The gradients, this rank's share.
    ///   - group: The ranks.
    ///   - stopwatch: Receives the time spent.
    init(_ store: ParameterStore, group: any ProcessGroup, stopwatch: Stopwatch) {
        (self.store, self.group, self.stopwatch) = (store, group, stopwatch)
        var buckets: [Bucket] = []
        var bucketOfVariable: [ObjectIdentifier: Int] = [:]
        var (start, members) = (0, 0)
        for (index, entry) in store.entries.enumerated() {
            bucketOfVariable[ObjectIdentifier(entry.parameter.variable)] = buckets.count
            members += 1
            let isLast = index == store.entries.count - 1
            let end = isLast ? store.gradients.count : store.entries[index + 1].range.lowerBound
            let limit = buckets.isEmpty ? Self.firstBucketBytes : Self.bucketBytes
            if isLast || (end - start) * MemoryLayout<Float>.stride >= limit {
                buckets.append(Bucket(range: start..<end, members: members))
                (start, members) = (end, 0)
            }
        }
        (self.buckets, self.bucketOfVariable) = (buckets, bucketOfVariable)
    }

    /// Number of sums that one step takes.
    var bucketCount: Int { buckets.count }

    /// Begins a backward pass whose gradients are to be summed.
    func begin() {
        missing = buckets.map(\.members)
        next = 0
    }

    /// Notes that a gradient is complete and sums the buckets that are ready.
    ///
    /// - Important: Collective: every rank of the group must call this for the same parameters, in the same
    ///   order.
    func gradientCompleted(_ variable: Variable) throws {
        guard let bucket = bucketOfVariable[ObjectIdentifier(variable)] else { return }
        missing[bucket] -= 1
        try sumReadyBuckets()
    }

    /// Sums what is left. Parameters that took no part in the step count as zero.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func finish() throws {
        for entry in store.entries where entry.parameter.variable.gradient == nil {
            entry.gradient.fill(with: 0)
        }
        for bucket in next..<buckets.count { missing[bucket] = 0 }
        try sumReadyBuckets()
    }

    private func sumReadyBuckets() throws {
        while next < buckets.count, missing[next] == 0 {
            let range = buckets[next].range
            next += 1
            guard group.size > 1 else { continue }
            try stopwatch.measure(.communication) {
                try store.gradients.slice(at: range.lowerBound, [range.count]).withMutableElements { buffer in
                    try group.sum(buffer)
                }
            }
        }
    }
}
