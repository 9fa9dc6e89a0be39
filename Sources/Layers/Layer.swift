public import Tensors

/// One variable in, one out: what a bottleneck, a pooling or a head can be.
public protocol Layer {
    /// Trained tensors, in the order of published weights. Default: none.
    var parameters: [Parameter] { get }

    /// What the layer keeps beside them. Default: nothing.
    var buffers: [Buffer] { get }

    /// The layer's output for an input.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    func callAsFunction(_ input: Variable, _ context: ForwardContext) throws -> Variable
}

extension Layer {
    /// None.
    public var parameters: [Parameter] { [] }

    /// None.
    public var buffers: [Buffer] { [] }
}

/// Layers one after the other: `y = l_n(… l_2(l_1(x)))`.
public struct Sequential: Layer {
    private let layers: [any Layer]

    /// Layers in the order in which they are called.
    public init(_ layers: any Layer...) { self.layers = layers }

    /// Parameters of all layers, in their order.
    public var parameters: [Parameter] { layers.flatMap(\.parameters) }

    /// Buffers of all layers, in their order.
    public var buffers: [Buffer] { layers.flatMap(\.buffers) }

    /// The output of the last layer.
    ///
    /// - Throws: What the layers throw.
    public func callAsFunction(_ input: Variable, _ context: ForwardContext) throws -> Variable {
        try layers.reduce(input) { try $1($0, context) }
    }
}

/// An activation as a layer of its own: `y = max(x, 0)` for ReLU.
public struct ActivationLayer: Layer {
    private let activation: Activation

    /// A layer that applies the activation.
    public init(_ activation: Activation) { self.activation = activation }

    /// Any shape, to the same shape.
    public func callAsFunction(_ input: Variable, _ context: ForwardContext) -> Variable {
        switch activation {
        case .none: input
        case .relu: context.tape.rectified(input)
        case .relu6: context.tape.rectified(input, ceiling: 6)
        }
    }
}
