internal import Layers
internal import ModelFiles
internal import Tensors

extension StagedLayers where Unit == NormalizedConvolution {
    /// Images to the last feature map.
    func describe(_ images: ONNXGraph.Value, in graph: inout ONNXGraph) -> ONNXGraph.Value {
        var x = first.describe(images, adding: nil, in: &graph)
        if let pooling { x = graph.pooling(x, name: first.name + ".pooling", pooling) }
        for block in blocks { x = block.describe(x, in: &graph) }
        return last?.describe(x, adding: nil, in: &graph) ?? x
    }
}

extension ResidualBlock where Unit == NormalizedConvolution {
    /// The block's output.
    func describe(_ input: ONNXGraph.Value, in graph: inout ONNXGraph) -> ONNXGraph.Value {
        let added = shortcut.added(for: input) { $0.describe($1, adding: nil, in: &graph) }
        var x = input
        for unit in convolutions.dropLast() { x = unit.describe(x, adding: nil, in: &graph) }
        return last.describe(x, adding: added, in: &graph)
    }
}

extension NormalizedConvolution {
    /// `activation(normalization(x ⋆ w) + shortcut)`.
    func describe(
        _ input: ONNXGraph.Value, adding shortcut: ONNXGraph.Value?, in graph: inout ONNXGraph
    ) -> ONNXGraph.Value {
        var x = convolution.describe(input, folding: normalization, in: &graph)
        if let shortcut { x = graph.sum(x, shortcut, name: name) }
        return graph.activation(x, name: name, activation)
    }
}
