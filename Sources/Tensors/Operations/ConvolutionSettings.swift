/// How a convolution moves over its input.
public struct ConvolutionSettings: Hashable, Sendable {
    /// Rows and columns of zeros around the input.
    public struct Padding: Hashable, Sendable {
        let top: Int
        let bottom: Int
        let left: Int
        let right: Int

        /// The same on all four sides.
        public init(_ amount: Int) { self.init(top: amount, bottom: amount, left: amount, right: amount) }

        /// Different amounts a side, as TensorFlow's "same" padding needs them.
        public init(top: Int, bottom: Int, left: Int, right: Int) {
            (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
        }
    }

    /// Step between applications of the kernel, in rows and in columns.
    public let stride: Int
    /// Zeros around the input.
    public let padding: Padding
    /// Groups of channels that are convolved apart; as many as channels for a depthwise convolution.
    public let groups: Int

    /// Settings with stride 1, no padding and one group unless said otherwise.
    public init(stride: Int = 1, padding: Padding = Padding(0), groups: Int = 1) {
        precondition(stride >= 1 && groups >= 1, "stride \(stride), groups \(groups)")
        (self.stride, self.padding, self.groups) = (stride, padding, groups)
    }

    /// `[N, O, H', W']` with `H' = (H + padding − KH) / stride + 1`.
    func outputShape(input: Shape, weight: Shape) -> Shape {
        precondition(input.rank == 4 && weight.rank == 4, "convolution of \(input) with \(weight)")
        precondition(
            input[1] == weight[1] * groups && weight[0] % groups == 0,
            "convolution of \(input) with weights \(weight) in \(groups) groups")
        let rows = input[2] + padding.top + padding.bottom - weight[2]
        let columns = input[3] + padding.left + padding.right - weight[3]
        precondition(rows >= 0 && columns >= 0, "input \(input) is smaller than the kernel \(weight)")
        return [input[0], weight[0], rows / stride + 1, columns / stride + 1]
    }

    /// Extents of the weights as oneDNN names them: groups are a dimension of their own.
    func weightExtents(_ weight: Shape) -> [Int] {
        groups == 1 ? weight.dimensions : [groups, weight[0] / groups] + weight.dimensions.dropFirst()
    }
}
