internal import Layers
package import ModelFiles
internal import ProcessGroups
internal import Regularizers
package import Tensors

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
    package func snapshot(_ statistics: Tensor?) -> SafetensorsWriter {
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

    /// Restores a state: rank 0 reads and checks it, the others receive.
    ///
    /// - Parameters:
    ///   - file: The state, on rank 0; nil elsewhere.
    ///   - best: The best model of the checkpoint, on rank 0; it must be one of this classifier.
    ///   - stepCount: Steps of the run so far; no parameter has more.
    /// - Throws: `CollectiveFailure` where a tensor is missing, of another shape or holds numbers that none can have.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func restore(_ file: SafetensorsFile?, best: SafetensorsFile?, upTo stepCount: Int) throws {
        var methodState: [NamedTensor] = []
        var statistics: [NamedTensor] = []
        let path = try group.coordinate { () throws -> [UInt8] in
            guard let file else { return [] }
            // What it loads is replaced below; a model that cannot be loaded would be found out at the end.
            if let best { try classifier.load(best) }
            for tensor in tensors { tensor.tensor.copy(from: try checked(tensor, in: file)) }
            try store.readStepCounts(file, upTo: stepCount)
            for (name, counter) in classifier.buffers.counters { counter.value = try file.counter(name) }
            methodState = try file.names.filter { $0.hasPrefix(Self.methodPrefix) }.map {
                NamedTensor(String($0.dropFirst(Self.methodPrefix.count)), try file.tensor($0))
            }
            if normalization == .local, file.shape(of: Self.statisticsOfRanks) != nil {
                statistics = [try checkedStatistics(in: file)]
            }
            return Array(file.path.utf8)
        }
        try store.replicate(over: group)
        try classifier.replicate(over: group)
        if let saved = try statistics.replicated(over: group).first {
            restore(runningStatistics: saved.tensor)
        }
        let state = try methodState.replicated(over: group)
        try group.agree {
            do {
                try regularizer.restore(state)
            } catch {
                throw CheckpointError(.damaged, String(decoding: path, as: UTF8.self), "\(error)")
            }
        }
    }

    /// Restores the state of a checkpoint, with everything that a run is careful about.
    ///
    /// - Throws: As above.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func restore(_ point: ResumePoint) throws {
        try restore(point.state, best: point.modelFile, upTo: point.step)
    }

    /// The tensor of a file in the place of one of the state.
    private func checked(_ expected: NamedTensor, in file: SafetensorsFile) throws -> Tensor {
        guard file.shape(of: expected.name) == expected.tensor.shape else {
            throw CheckpointError(
                .damaged, file.path, "tensor '\(expected.name)' is missing or of another shape")
        }
        let tensor = try file.tensor(expected.name)
        try Self.check(
            tensor.elements, isNeverNegative: mayNotBeNegative(expected.name), expected.name, file)
        return tensor
    }

    /// Running statistics of each rank, `[R, n]`.
    private func checkedStatistics(in file: SafetensorsFile) throws -> NamedTensor {
        let name = Self.statisticsOfRanks
        let count = runningStatistics.reduce(0) { $0 + $1.shape.count }
        guard let shape = file.shape(of: name), shape.rank == 2, shape[0] > 0, shape[1] == count else {
            throw CheckpointError(.damaged, file.path, "tensor '\(name)' is of another shape")
        }
        let tensor = try file.tensor(name)
        let rows = tensor.elements
        for rank in 0..<shape[0] {
            var start = rank * count
            for buffer in classifier.buffers.tensors {
                let end = start + buffer.tensor.shape.count
                try Self.check(rows[start..<end], isNeverNegative: mayNotBeNegative(buffer.name), name, file)
                start = end
            }
        }
        return NamedTensor(name, tensor)
    }

    /// Variances, and what an optimizer takes the root of.
    private func mayNotBeNegative(_ name: String) -> Bool {
        name.hasSuffix(".running_var") || store.isNeverNegative(name, nonNegativeSlots)
    }

    private static func check(
        _ elements: some Collection<Float>, isNeverNegative: Bool, _ name: String, _ file: SafetensorsFile
    ) throws(CheckpointError) {
        guard let wrong = elements.first(where: { !$0.isFinite || (isNeverNegative && $0 < 0) }) else {
            return
        }
        throw CheckpointError(
            .damaged, file.path,
            "tensor '\(name)' holds \(wrong); expected finite numbers"
                + (isNeverNegative ? " that are not negative" : ""))
    }
}
