internal import COneDNN

/// A gradient of weights that is computed here, where oneDNN has only a slow way. Writes `dw` in row-major order.
protocol OwnWeightGradient: Sendable {
    /// Computes `dw` from the input of the convolution and the gradient of its output, which have one type.
    func run(_ x: Tensor, _ dy: Tensor, _ dw: Tensor)
}

extension OwnWeightGradient {
    /// Takes the arguments that a primitive takes.
    func run(_ arguments: [Primitive.Argument]) {
        func tensor(_ position: Int32) -> Tensor {
            guard let found = arguments.first(where: { $0.position == position }) else {
                preconditionFailure("no argument \(position) for the gradient of weights")
            }
            return found.tensor
        }
        run(tensor(DNNL_ARG_SRC), tensor(DNNL_ARG_DIFF_DST), tensor(DNNL_ARG_DIFF_WEIGHTS))
    }

    /// `0 ..< count` in as few ranges as have `limit` elements at most, all of about the same length.
    static func parts(_ count: Int, atMost limit: Int) -> [Range<Int>] {
        let parts = (count + limit - 1) / limit
        return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }
}
