public import Tensors

/// Collects the outputs of named layers in one forward pass.
///
/// Layers offer their outputs as they compute them; those that were asked for are kept. An output is the very
/// variable that the network goes on with, so a penalty on it reaches the weights. What is not asked for costs
/// nothing. Of a layer that is called more than once, the last output counts.
public final class LayerOutputs {
    /// The layers that were asked for, in the order in which their outputs are returned.
    public let names: [String]
    private let wanted: Set<String>
    private var kept: [String: Variable] = [:]
    private var offered: [String] = []
    /// Observes the same pass from further outside.
    private let outer: LayerOutputs?

    init(_ names: [String], within outer: LayerOutputs? = nil) {
        (self.names, wanted, self.outer) = (names, Set(names), outer)
    }

    /// The output of a layer that was asked for; nil until the layer has been called.
    public subscript(name: String) -> Variable? { kept[name] }

    /// The outputs, in the order of `names`.
    ///
    /// - Throws: `LayerNameError` for the first name under which no layer has offered an output.
    public func inOrder() throws(LayerNameError) -> [Variable] {
        var outputs: [Variable] = []
        for name in names {
            guard let output = kept[name] else { throw LayerNameError(name, among: offered) }
            outputs.append(output)
        }
        return outputs
    }

    /// Whether this pass keeps the output of a layer, for anyone.
    func keeps(_ name: String) -> Bool { wanted.contains(name) || outer?.keeps(name) ?? false }

    func offer(_ name: String, _ output: Variable) {
        offered.append(name)
        if wanted.contains(name) { kept[name] = output }
        outer?.offer(name, output)
    }
}

extension ForwardContext {
    /// Lets a layer, block or stage offer its output under its name.
    ///
    /// `Convolution2D` and `Linear` do so by themselves; blocks and layers of one's own call this.
    ///
    /// - Parameters:
    ///   - name: The layer's name in published weights, for example `layer4.2`.
    ///   - output: What the network goes on with.
    public func offer(_ name: @autoclosure () -> String, _ output: Variable) {
        outputs?.offer(name(), output)
    }

    /// Whether somebody observes the output of a layer. In a network of lower precision a convolution then writes
    /// 32-bit floats: what methods compare is not rounded.
    ///
    /// - Parameter name: The layer's name in published weights.
    public func observes(_ name: String) -> Bool { outputs?.keeps(name) ?? false }

    /// The outputs of named layers in order, and what the forward pass returns, for any network whose layers offer
    /// their outputs:
    ///
    ///     let (logits, maps) = try context.observing(["conv1", "layer4.2"]) { try classifier(images, $0).logits }
    ///
    /// - Parameters:
    ///   - names: Layers of the network, each once.
    ///   - forward: The forward pass in the context that it is given.
    /// - Returns: The result of `forward`, and the outputs in the order of `names`.
    /// - Throws: What `forward` throws, then `LayerNameError` where no layer of a name was called.
    public func observing<Output>(
        _ names: [String], _ forward: (ForwardContext) throws -> Output
    ) throws -> (output: Output, layers: [Variable]) {
        guard !names.isEmpty else { return (try forward(self), []) }
        let collector = LayerOutputs(names, within: outputs)
        let output = try forward(
            ForwardContext(
                tape: tape, normalization: normalization, reducer: reducer, outputs: collector,
                remembered: remembered))
        return (output, try collector.inOrder())
    }
}
