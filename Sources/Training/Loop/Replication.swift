public import Layers
public import ProcessGroups
public import Regularizers
internal import Tensors

extension Classifier {
    /// Gives every rank the parameters and buffers of rank 0.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func replicate(over group: any ProcessGroup) throws {
        guard group.size > 1 else { return }
        for tensor in stateTensors { try tensor.withMutableElements { try group.broadcast($0, from: 0) } }
        var counts = buffers.counters.map(\.counter.value)
        try group.broadcast(&counts, from: 0)
        for (own, count) in zip(buffers.counters, counts) { own.counter.value = count }
        parametersDidChange()
    }

    /// Gives every rank the head of rank 0.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func replicateHead(over group: any ProcessGroup) throws {
        for parameter in head.parameters {
            try parameter.variable.value.withMutableElements { try group.broadcast($0, from: 0) }
        }
        parametersDidChange()
    }

    /// Replaces buffers that differ between ranks, running statistics, by their mean over the ranks.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func averageRunningStatistics(over group: any ProcessGroup) throws {
        guard group.size > 1 else { return }
        for (_, tensor) in buffers.tensors {
            var totals = tensor.elements.map(Double.init)
            try group.allReduce(&totals)
            tensor.copy(from: Tensor(tensor.shape, totals.map { Float($0 / Double(group.size)) }))
        }
    }
}

extension [NamedTensor] {
    /// Rank 0's tensors, on every rank.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func replicated(over group: any ProcessGroup) throws -> [NamedTensor] {
        var names = [UInt8](map(\.name).joined(separator: "\n").utf8)
        var ranks = map { Int64($0.tensor.shape.rank) }
        var extents = flatMap { $0.tensor.shape.dimensions.map(Int64.init) }
        try group.broadcast(&names, from: 0)
        try group.broadcast(&ranks, from: 0)
        try group.broadcast(&extents, from: 0)
        var rest = extents.map { Int($0) }[...]
        return try zip(String(decoding: names, as: UTF8.self).split(separator: "\n"), ranks).enumerated().map
        {
            index, item in
            let shape = Shape([Int](rest.prefix(Int(item.1))))
            rest = rest.dropFirst(Int(item.1))
            let tensor = group.rank == 0 ? self[index].tensor : Tensor(repeating: 0, shape)
            try tensor.withMutableElements { try group.broadcast($0, from: 0) }
            return NamedTensor(String(item.0), tensor)
        }
    }
}
