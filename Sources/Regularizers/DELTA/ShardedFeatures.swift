package import ProcessGroups
package import Tensors

/// The features of all samples, of which each rank keeps those of its own shard: `4 · n · F / R` bytes.
package struct ShardedFeatures {
    /// F.
    private let width: Int
    private var batches: [Tensor] = []
    /// The batch of each sample of the shard, and its row there.
    private var places: [(batch: Int, row: Int)] = []
    /// The number of the shard's first sample among those of all ranks.
    private var first = 0

    package init(width: Int) { self.width = width }

    /// Adds the next samples of this rank, `[N, F]`.
    package mutating func add(_ features: Tensor) {
        precondition(features.shape.rank == 2 && features.shape[1] == width, "features of \(features.shape)")
        places += (0..<features.shape[0]).map { (batches.count, $0) }
        batches.append(features)
    }

    /// Numbers the samples, those of rank 0 first; to be called once all are added.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package mutating func number(over group: any ProcessGroup) throws {
        first = try group.allGather([Int64(places.count)])[..<group.rank].reduce(0) { $0 + Int($1) }
    }

    /// The features of some samples, each from the rank that keeps it: the same on every rank, to the last bit.
    ///
    /// - Parameter samples: Their numbers, the same on every rank.
    /// - Returns: `[samples.count, F]`.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func rows(_ samples: [Int], over group: any ProcessGroup) throws -> Tensor {
        let rows = Tensor(repeating: 0, [samples.count, width])
        for (row, sample) in samples.enumerated() where places.indices.contains(sample - first) {
            let place = places[sample - first]
            rows.slice(at: row * width, [width]).copy(
                from: batches[place.batch].slice(at: place.row * width, [width]))
        }
        // One rank has numbers, the others zeros: the sum is exact.
        if group.size > 1 { try rows.withMutableElements { try group.allReduce($0) } }
        return rows
    }
}
