public import ModelFiles
internal import Tensors

/// A backbone that can say what it computes as operations of ONNX, so that other programs can compute it.
///
/// What is described is the network in evaluation, in 32-bit floats, with the present parameters and buffers.
public protocol ONNXDescribable: Backbone {
    /// Adds the network to a graph.
    ///
    /// - Parameters:
    ///   - images: `[3, H, W]` each.
    ///   - graph: The operations so far.
    /// - Returns: The features, `[F]` each.
    func describe(_ images: ONNXGraph.Value, in graph: inout ONNXGraph) -> ONNXGraph.Value
}

extension Convolution2D {
    /// Adds the convolution with the batch normalization behind it, as one operation: its weights are multiplied in
    /// double precision.
    ///
    /// - Parameters:
    ///   - input: `[I, H, W]` each.
    ///   - normalization: The layer that follows; its running statistics are used.
    ///   - graph: The operations so far.
    public func describe(
        _ input: ONNXGraph.Value, folding normalization: BatchNormalization, in graph: inout ONNXGraph
    ) -> ONNXGraph.Value {
        let folded = normalization.fixed().folded(into: weight.variable.value)
        return graph.convolution(
            input, name: name, weight: folded.weight, bias: folded.bias, settings: settings)
    }
}

extension Linear {
    /// Adds the layer.
    ///
    /// - Parameters:
    ///   - input: `[F]` each.
    ///   - graph: The operations so far.
    public func describe(_ input: ONNXGraph.Value, in graph: inout ONNXGraph) -> ONNXGraph.Value {
        graph.linear(input, name: name, weight: weight.variable.value, bias: bias.variable.value)
    }
}
