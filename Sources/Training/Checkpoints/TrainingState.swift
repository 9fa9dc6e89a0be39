internal import Foundation
internal import Layers
internal import ProcessGroups
internal import Regularizers
internal import Tensors

/// Where a run stands, beside its tensors. Together with them it is all that a later step depends on.
struct RunPosition: Codable, Equatable {
    /// The best model so far, by the validation split.
    struct Best: Codable, Equatable {
        var step: Int
        var evaluation: Evaluation
    }

    /// Steps done. With the seed it is the position in the order of the samples, too.
    var step: Int
    /// Nil before the first evaluation.
    var best: Best?
}

extension TrainingStep {
    /// Everything that a step changes, under names: parameters, momentum, running statistics, method state.
    /// None of it depends on the number of ranks.
    private var tensors: [NamedTensor] {
        store.entries.flatMap {
            [
                NamedTensor("parameter." + $0.parameter.name, $0.parameter.variable.value),
                NamedTensor("momentum." + $0.parameter.name, $0.momentum),
            ]
        }
            + classifier.backbone.normalizations.flatMap {
                [
                    NamedTensor($0.name + ".running_mean", $0.runningMean),
                    NamedTensor($0.name + ".running_var", $0.runningVariance),
                ]
            }
    }

    private static let methodPrefix = "method."

    /// A copy of the state, which training may go on changing meanwhile.
    func snapshot() -> SafetensorsWriter {
        var writer = SafetensorsWriter()
        for tensor in tensors { writer.add(tensor.name, copyOf: tensor.tensor) }
        for tensor in regularizer.state { writer.add(Self.methodPrefix + tensor.name, copyOf: tensor.tensor) }
        for layer in classifier.backbone.normalizations {
            writer.add(layer.name + ".num_batches_tracked", integers: [layer.batchCount], shape: [])
        }
        return writer
    }

    /// Takes back a state: rank 0 reads it, the others receive.
    ///
    /// - Parameter file: The state, on rank 0; nil elsewhere.
    /// - Throws: `CollectiveFailure` where a tensor is missing or of another shape.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func restore(_ file: SafetensorsFile?) throws {
        var methodState: [NamedTensor] = []
        try group.coordinate { () throws -> Void in
            guard let file else { return }
            for tensor in tensors {
                guard file.shape(of: tensor.name) == tensor.tensor.shape else {
                    throw CheckpointError(
                        .damaged, file.path, "tensor '\(tensor.name)' is missing or of another shape")
                }
                tensor.tensor.copy(from: try file.tensor(tensor.name))
            }
            for layer in classifier.backbone.normalizations {
                layer.batchCount = Int64(try file.integers(layer.name + ".num_batches_tracked").first ?? 0)
            }
            methodState = try file.names.filter { $0.hasPrefix(Self.methodPrefix) }.map {
                NamedTensor(String($0.dropFirst(Self.methodPrefix.count)), try file.tensor($0))
            }
        }
        for buffer in [store.values, store.momentum] {
            try buffer.withMutableElements { try group.broadcast($0, from: 0) }
        }
        for entry in store.entries { entry.parameter.variable.valueDidChange() }
        try classifier.replicate(over: group)
        let state = try methodState.replicated(over: group)
        try group.agree { try regularizer.restore(state) }
    }
}
