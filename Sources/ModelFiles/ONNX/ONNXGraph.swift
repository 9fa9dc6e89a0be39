public import Tensors

/// A network as operations of ONNX, version 13 of its operators, which networks describe layer by layer.
///
/// ```swift
/// var graph = ONNXGraph(name: "resnet18", input: "images", shape: [3, 224, 224])
/// let features = network.describe(graph.input, in: &graph)
/// let logits = head.describe(features, in: &graph)
/// try ONNXFile(graph, output: logits, as: "logits").write(to: "model.onnx")
/// ```
///
/// The number of samples is open. All other extents are known, so that the padding of every convolution is.
public struct ONNXGraph: Sendable {
    /// What an operation takes or gives.
    public struct Value: Sendable, Equatable {
        /// Its name, one of the graph's own.
        public let name: String
        /// Its extents behind that of samples: `[C, H, W]` or `[F]`.
        public let shape: [Int]

        init(_ name: String, _ shape: [Int]) { (self.name, self.shape) = (name, shape) }
    }

    /// An operation.
    struct Node: Sendable {
        let operation: String
        let name: String
        let inputs: [String]
        let attributes: [(name: String, value: Attribute)]
        /// The one value that it gives.
        var output: String { name + ".output" }
    }

    /// What an operation is set to.
    enum Attribute: Sendable {
        case integer(Int)
        case integers([Int])
    }

    /// Version of the operators.
    static let operatorVersion = 13

    /// What the network is called.
    public let name: String
    /// The images, `[3, H, W]` each.
    public let input: Value
    private(set) var nodes: [Node] = []
    /// Weights in the order of their layers, by names of their own.
    private(set) var weights: [(name: String, tensor: Tensor)] = []
    private var hasBoundsOfReLU6 = false

    /// A graph of no operations.
    ///
    /// - Parameters:
    ///   - name: What the network is called.
    ///   - input: What its images are called.
    ///   - shape: Their extents, `[3, H, W]`.
    public init(name: String, input: String, shape: [Int]) {
        (self.name, self.input) = (name, Value(input, shape))
    }

    /// Adds an operation.
    private mutating func add(
        _ operation: String, _ name: String, _ inputs: [String], shape: [Int],
        _ attributes: [(name: String, value: Attribute)] = []
    ) -> Value {
        let node = Node(operation: operation, name: name, inputs: inputs, attributes: attributes)
        nodes.append(node)
        return Value(node.output, shape)
    }

    /// Adds weights.
    ///
    /// - Returns: Their name.
    private mutating func add(_ name: String, _ tensor: Tensor) -> String {
        weights.append((name, tensor))
        return name
    }
}

// MARK: Operations, a function a kind

extension ONNXGraph {
    /// `[I, H, W]` to `[O, H', W']`: `Σ_i x[i] ⋆ weight[o, i] + bias[o]`.
    ///
    /// - Parameters:
    ///   - input: What is convolved.
    ///   - name: The layer's name.
    ///   - weight: `[O, I / groups, K, K]`.
    ///   - bias: `[O]`.
    ///   - settings: Stride, padding and groups.
    public mutating func convolution(
        _ input: Value, name: String, weight: Tensor, bias: Tensor, settings: ConvolutionSettings
    ) -> Value {
        let extents = Shape([1] + input.shape)
        let sides = settings.sides(input: extents, weight: weight.shape)
        let output = settings.outputShape(input: extents, weight: weight.shape).dimensions
        let inputs = [input.name, add(name + ".weight", weight), add(name + ".bias", bias)]
        return add(
            "Conv", name, inputs, shape: Array(output.dropFirst()),
            [
                ("group", .integer(settings.groups)),
                ("kernel_shape", .integers([weight.shape[2], weight.shape[3]])),
                ("pads", .integers([sides.top, sides.left, sides.bottom, sides.right])),
                ("strides", .integers([settings.stride, settings.stride])),
            ])
    }

    /// An activation, element by element.
    ///
    /// - Parameters:
    ///   - input: Of any shape.
    ///   - name: The name of the layer that it belongs to.
    ///   - activation: Which one; of `none` nothing is added.
    public mutating func activation(_ input: Value, name: String, _ activation: Activation) -> Value {
        switch activation {
        case .none: return input
        case .relu: return add("Relu", name + ".relu", [input.name], shape: input.shape)
        case .relu6:
            if !hasBoundsOfReLU6 {
                weights += [("relu6.low", Tensor([], [0])), ("relu6.high", Tensor([], [6]))]
                hasBoundsOfReLU6 = true
            }
            return add("Clip", name + ".relu6", [input.name, "relu6.low", "relu6.high"], shape: input.shape)
        }
    }

    /// The sum of two values of the same shape.
    public mutating func sum(_ first: Value, _ second: Value, name: String) -> Value {
        precondition(first.shape == second.shape, "\(name): sum of \(first.shape) and \(second.shape)")
        return add("Add", name + ".sum", [first.name, second.name], shape: first.shape)
    }

    /// `[C, H, W]` to `[C, H', W']`: the largest element, or the mean, of each window.
    public mutating func pooling(_ input: Value, name: String, _ settings: PoolingSettings) -> Value {
        let output = settings.outputShape(input: Shape([1] + input.shape)).dimensions
        let operation =
            switch settings.kind {
            case .maximum: "MaxPool"
            // Without count_include_pad the mean is that of the part inside the input.
            case .average: "AveragePool"
            }
        return add(
            operation, name, [input.name], shape: Array(output.dropFirst()),
            [
                ("kernel_shape", .integers([settings.size, settings.size])),
                ("pads", .integers(Array(repeating: settings.padding, count: 4))),
                ("strides", .integers([settings.stride, settings.stride])),
            ])
    }

    /// `[C, H, W]` to `[C]`: the mean over all positions.
    public mutating func globalAveragePooling(_ input: Value, name: String) -> Value {
        let channels = input.shape[0]
        let means = add("GlobalAveragePool", name, [input.name], shape: [channels, 1, 1])
        return add("Flatten", name + ".flatten", [means.name], shape: [channels], [("axis", .integer(1))])
    }

    /// `[F]` to `[K]`: `x · weightᵀ + bias`.
    ///
    /// - Parameters:
    ///   - input: The features.
    ///   - name: The layer's name.
    ///   - weight: `[K, F]`.
    ///   - bias: `[K]`.
    public mutating func linear(_ input: Value, name: String, weight: Tensor, bias: Tensor) -> Value {
        precondition(
            input.shape == [weight.shape[1]], "\(name): \(input.shape) features, weight \(weight.shape)")
        let inputs = [input.name, add(name + ".weight", weight), add(name + ".bias", bias)]
        return add("Gemm", name, inputs, shape: [weight.shape[0]], [("transB", .integer(1))])
    }
}
