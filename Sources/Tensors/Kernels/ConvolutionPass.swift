internal import COneDNN

/// A pass of a convolution that is computed here, where oneDNN has only a slow way. Weights and their gradient are
/// 32-bit floats in row-major order.
protocol OwnPass: Sendable {
    /// Computes a tensor from two others, which have one type unless they are weights: the output from the input and the
    /// weights, the gradient of the input from that of the output and the weights, or the gradient of the weights from
    /// the input and the gradient of the output.
    func run(_ first: Tensor, _ second: Tensor, _ result: Tensor)
}

extension OwnPass {
    /// `0 ..< count` in as few ranges as have `limit` elements at most, all of about the same length.
    static func parts(_ count: Int, atMost limit: Int) -> [Range<Int>] {
        let parts = (count + limit - 1) / limit
        return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }
}

/// One of the three passes of a convolution: by oneDNN, or where there is a faster way, here.
struct ConvolutionPass: Sendable {
    private enum Way: Sendable {
        case primitive(LazyPrimitive)
        case own(any OwnPass)
    }

    private let way: Way
    /// Order of the weights that it reads, or of their gradient that it writes.
    let weightLayout: Layout

    /// - Parameters:
    ///   - own: The way to compute it here, or nil.
    ///   - description: What oneDNN chose.
    ///   - weight: How oneDNN names the weights, or their gradient.
    init(_ own: (any OwnPass)?, _ description: Primitive.Description, weight: dnnl_query_t) {
        if let own {
            (way, weightLayout) = (.own(own), .dense)
        } else {
            way = .primitive(LazyPrimitive(description))
            weightLayout = .packed(PackedLayout(description.descriptor(weight)))
        }
    }

    /// Whether weights are rounded before they are read, if they are rounded: what is computed here does so itself.
    var readsRounded: Bool {
        if case .primitive = way { true } else { false }
    }

    /// Computes a tensor from two others.
    ///
    /// - Parameter bias: What is added to the output, or the gradient of that, and how oneDNN names it.
    func run(
        _ first: Primitive.Argument, _ second: Primitive.Argument, _ result: Primitive.Argument,
        bias: Primitive.Argument? = nil
    ) {
        switch way {
        case .primitive(let primitive):
            primitive.run([first, second, result] + (bias.map { [$0] } ?? []))
        case .own(let own):
            precondition(bias == nil, "no pass of our own knows a bias")
            own.run(first.tensor, second.tensor, result.tensor)
        }
    }
}
