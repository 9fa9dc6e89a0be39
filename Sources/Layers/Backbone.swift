public import Tensors

/// A network without its classifier: images to features.
///
/// This is what every network has. What only some can do is a protocol of its own: `SpatialBackbone`, and
/// `ChannelAblatable` for frozen copies.
public protocol Backbone: AnyObject {
    /// Length of a feature vector, F.
    var featureCount: Int { get }

    /// Name that published weights give to the linear layer behind the features, for example `fc`.
    var headName: String { get }

    /// All trained tensors, in the order of published weights.
    var parameters: [Parameter] { get }

    /// What layers keep beside their parameters, in the order of published weights. Default: nothing.
    var buffers: [Buffer] { get }

    /// Draws all weights anew, from the seed and their names.
    func initialize(seed: UInt64)

    /// The layers whose outputs can be observed, by their names in published weights, in the order of the forward
    /// pass: convolutions (`layer4.2.conv3`, the raw output), blocks (`layer4.2`), stages (`layer4`), pooled
    /// features.
    var layerNames: [String] { get }

    /// The parts of the network at whose ends methods compare feature maps, in order. Default: none.
    var stages: [BackboneStage] { get }

    /// `[N, 3, H, W]` to `[N, F]`.
    ///
    /// Layers offer their outputs to the context.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    func features(_ images: Variable, _ context: ForwardContext) throws -> Variable

    /// A network of the same layers, with parameters and buffers of its own that hold the same numbers.
    func copy() -> any Backbone

    /// A copy for inference, made from the present parameters and buffers.
    ///
    /// By default it is `copy()` in evaluation mode. A network may do better, for example by folding batch
    /// normalization into its convolutions, except where a kept layer's output is needed.
    ///
    /// - Parameter names: The layers whose outputs can be observed in the copy: some of `layerNames`.
    /// - Throws: `LayerNameError`.
    func frozen(keeping names: [String]) throws -> any FrozenBackbone
}

/// A part of a backbone that ends in a feature map which methods compare.
public struct BackboneStage: Hashable, Sendable {
    /// The name of the stage, in published weights where they name it and in configurations: `layer1`.
    public let name: String
    /// The layer that methods observe in it unless told otherwise. Of a convolutional network it is the stage's
    /// last convolution, before its batch normalization, for example `layer1.2.conv3`.
    ///
    /// Li et al., DELTA: deep learning transfer using feature map with attention for convolutional networks,
    /// ICLR 2019, compare these maps.
    public let tap: String

    /// A stage and its tap.
    public init(name: String, tap: String) { (self.name, self.tap) = (name, tap) }
}

extension Backbone {
    /// None.
    public var buffers: [Buffer] { [] }

    /// None.
    public var stages: [BackboneStage] { [] }

    /// The taps of all stages, in order.
    public var defaultTaps: [String] { stages.map(\.tap) }

    /// The layer that a name in a configuration stands for: of a stage its tap, otherwise the layer of that name.
    public func tap(named name: String) -> String { stages.first { $0.name == name }?.tap ?? name }

    /// Number of filters of a convolution or units of a linear layer, C; nil where no layer with a weight has that
    /// name.
    public func channelCount(of layer: String) -> Int? {
        parameters.first { $0.name == layer + ".weight" }?.shape[0]
    }

    /// `[N, 3, H, W]` to `[N, F]`, and the outputs of named layers on the way.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - context: Where operations are recorded and how batch normalization works.
    ///   - names: Some of `layerNames`.
    /// - Returns: Features `[N, F]`, and the outputs in the order of `names`; that of a convolution is
    ///   `[N, C, H', W']`, before normalization.
    /// - Throws: `LayerNameError` before anything is computed; what the reducer of synchronized batch
    ///   normalization throws.
    public func features(
        _ images: Variable, _ context: ForwardContext, observing names: [String]
    ) throws -> (features: Variable, outputs: [Variable]) {
        try LayerNameError.check(names, among: layerNames)
        let (features, outputs) = try context.observing(names) { try self.features(images, $0) }
        return (features, outputs)
    }

    /// Overwrites parameters and buffers, in place, with those of a network of the same layers.
    public func assign(from other: any Backbone) {
        let (own, others) = (parameters, other.parameters)
        precondition(own.map(\.name) == others.map(\.name), "parameters of another network")
        for (parameter, from) in zip(own, others) { parameter.variable.assign(from.variable.value) }
        buffers.assign(from: other.buffers)
    }
}

extension [Buffer] {
    /// Overwrites the buffers, in place, with those of a network of the same layers.
    public func assign(from others: [Buffer]) {
        precondition(map(\.name) == others.map(\.name), "buffers of another network")
        for (own, other) in zip(tensors, others.tensors) { own.tensor.copy(from: other.tensor) }
        for (own, other) in zip(counters, others.counters) { own.counter.value = other.counter.value }
    }
}
