internal import Layers
internal import ModelFiles
internal import ProcessGroups
internal import Regularizers
internal import Tensors

extension TrainingStep {
    /// Everything that a step changes, under names: parameters, the optimizer's slots, running statistics.
    /// None of it depends on the number of ranks; running statistics of local batch normalization are rank 0's.
    private var tensors: [NamedTensor] {
        store.namedTensors
            + classifier.buffers.tensors.map { NamedTensor($0.name, $0.tensor) }
    }

    private static let methodPrefix = "method."

    /// Running statistics of each rank, layer after layer, `[R, n]`, where they differ between ranks.
    private static let statisticsOfRanks = "running-statistics-of-ranks"

    private var runningStatistics: [Tensor] {
        classifier.buffers.tensors.map(\.tensor)
    }

    /// Running statistics of each rank, `[R, n]`, where they differ between ranks; nil, without communication,
    /// where they do not.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func runningStatisticsOfRanks() throws -> Tensor? {
        guard normalization == .local, group.size > 1 else { return nil }
        let own = runningStatistics.flatMap(\.elements)
        return Tensor([group.size, own.count], try group.allGather(own))
    }

    /// Restores each rank's own running statistics; at another number of ranks all take the mean.
    ///
    /// - Parameter saved: `[R, n]`, on every rank.
    private func restore(runningStatistics saved: Tensor) {
        let (ranks, count) = (saved.shape[0], saved.shape[1])
        let rows = saved.elements
        let own =
            ranks == group.size
            ? Array(rows[group.rank * count..<(group.rank + 1) * count])
            : (0..<count).map { column in
                let sum = (0..<ranks).reduce(0.0) { $0 + Double(rows[$1 * count + column]) }
                return Float(sum / Double(ranks))
            }
        var start = 0
        for tensor in runningStatistics {
            let end = start + tensor.shape.count
            tensor.copy(from: Tensor(tensor.shape, Array(own[start..<end])))
            start = end
        }
    }

    /// A copy of the state, which training may go on changing meanwhile.
    ///
    /// - Parameter statistics: Running statistics of all ranks, where they differ.
    func snapshot(_ statistics: Tensor?) -> SafetensorsWriter {
        var writer = SafetensorsWriter()
        if let statistics { writer.add(Self.statisticsOfRanks, statistics) }
        for tensor in tensors { writer.add(tensor.name, copyOf: tensor.tensor) }
        store.addStepCounts(to: &writer)
        for tensor in regularizer.state { writer.add(Self.methodPrefix + tensor.name, copyOf: tensor.tensor) }
        for (name, counter) in classifier.buffers.counters {
            writer.add(name, integers: [counter.value], shape: [])
        }
        return writer
    }

    /// Restores a state: rank 0 reads it, the others receive.
    ///
    /// - Parameter file: The state, on rank 0; nil elsewhere.
    /// - Throws: `CollectiveFailure` where a tensor is missing or of another shape.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func restore(_ file: SafetensorsFile?) throws {
        var methodState: [NamedTensor] = []
        var statistics: [NamedTensor] = []
        try group.coordinate { () throws -> Void in
            guard let file else { return }
            for tensor in tensors {
                guard file.shape(of: tensor.name) == tensor.tensor.shape else {
                    throw CheckpointError(
                        .damaged, file.path, "tensor '\(tensor.name)' is missing or of another shape")
                }
                tensor.tensor.copy(from: try file.tensor(tensor.name))
            }
            try store.readStepCounts(file)
            for (name, counter) in classifier.buffers.counters {
                counter.value = Int64(try file.integers(name).first ?? 0)
            }
            methodState = try file.names.filter { $0.hasPrefix(Self.methodPrefix) }.map {
                NamedTensor(String($0.dropFirst(Self.methodPrefix.count)), try file.tensor($0))
            }
            if normalization == .local, let shape = file.shape(of: Self.statisticsOfRanks) {
                let count = runningStatistics.reduce(0) { $0 + $1.shape.count }
                guard shape.rank == 2, shape[0] > 0, shape[1] == count else {
                    throw CheckpointError(
                        .damaged, file.path, "tensor '\(Self.statisticsOfRanks)' is of another shape")
                }
                statistics = [NamedTensor(Self.statisticsOfRanks, try file.tensor(Self.statisticsOfRanks))]
            }
        }
        try store.replicate(over: group)
        try classifier.replicate(over: group)
        if let saved = try statistics.replicated(over: group).first {
            restore(runningStatistics: saved.tensor)
        }
        let state = try methodState.replicated(over: group)
        try group.agree { try regularizer.restore(state) }
    }
}
