public import Tensors

/// A linear layer: `y = x · weightᵀ + bias`.
public struct Linear: Layer {
    /// Prefix of the parameters' names.
    public let name: String
    /// `[K, F]`.
    public let weight: Parameter
    /// `[K]`.
    public let bias: Parameter

    /// A layer of zeros.
    ///
    /// - Parameters:
    ///   - name: Prefix of the parameters' names.
    ///   - inputs: Features of the input, F.
    ///   - outputs: Features of the output, K.
    public init(name: String, inputs: Int, outputs: Int) {
        self.name = name
        weight = Parameter(name: name + ".weight", shape: [outputs, inputs])
        bias = Parameter(name: name + ".bias", shape: [outputs], role: .bias)
    }

    /// A layer of the given weight `[K, F]` and bias `[K]`.
    public init(name: String, weight: Tensor, bias: Tensor) {
        self.init(name: name, inputs: weight.shape[1], outputs: weight.shape[0])
        self.weight.variable.assign(weight)
        self.bias.variable.assign(bias)
    }

    /// Parameters in the order of published weights.
    public var parameters: [Parameter] { [weight, bias] }

    /// Draws the weights from `N(0, 0.01²)` and sets the bias to 0, as new heads start.
    public func initialize(seed: UInt64) {
        weight.initializeNormal(deviation: 0.01, seed: seed)
        bias.initialize(repeating: 0)
    }

    /// `[N, F]` to `[N, K]`.
    public func callAsFunction(_ input: Variable, _ context: ForwardContext) -> Variable {
        let output = context.layer(name) {
            context.tape.linear(input, weight: weight.variable, bias: bias.variable)
        }
        context.offer(name, output)
        return output
    }
}
