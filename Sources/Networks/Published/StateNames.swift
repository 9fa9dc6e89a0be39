internal import Layers
internal import Tensors

/// Names and shapes of what a network is filled with, but for the classifier.
struct StateNames {
    /// Parameters and buffers of numbers, in order.
    let tensors: [(name: String, shape: Shape)]
    /// Buffers that count.
    let counters: [String]

    init(_ backbone: any Backbone) {
        tensors =
            backbone.parameters.map { ($0.name, $0.shape) }
            + backbone.buffers.tensors.map { ($0.name, $0.tensor.shape) }
        counters = backbone.buffers.counters.map(\.name)
    }
}
