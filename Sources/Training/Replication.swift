public import Layers
public import ProcessGroups
internal import Tensors

extension Classifier {
    /// Gives every rank the parameters and running statistics of rank 0.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func replicate(over group: any ProcessGroup) throws {
        guard group.size > 1 else { return }
        for tensor in stateTensors { try tensor.withMutableElements { try group.broadcast($0, from: 0) } }
        var counts = backbone.normalizations.map(\.batchCount)
        try group.broadcast(&counts, from: 0)
        for (layer, count) in zip(backbone.normalizations, counts) { layer.batchCount = count }
        parametersDidChange()
    }

    /// Replaces running statistics that differ between ranks by their mean over the ranks.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func averageRunningStatistics(over group: any ProcessGroup) throws {
        guard group.size > 1 else { return }
        for layer in backbone.normalizations {
            for running in [layer.runningMean, layer.runningVariance] {
                var sums = running.elements.map(Double.init)
                try group.sum(&sums)
                running.copy(from: Tensor(running.shape, sums.map { Float($0 / Double(group.size)) }))
            }
        }
    }
}
