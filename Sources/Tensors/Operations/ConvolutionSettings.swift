/// How a convolution moves over its input.
public struct ConvolutionSettings: Hashable, Sendable {
    /// Rows and columns of zeros around the input.
    public enum Padding: Hashable, Sendable {
        /// An amount for each side.
        case sides(top: Int, bottom: Int, left: Int, right: Int)
        /// As many as give `⌈H / stride⌉` rows and `⌈W / stride⌉` columns; of an odd number, the one that is
        /// left over goes to the bottom or to the right. TensorFlow's "same".
        case same

        /// The same on all four sides.
        public init(_ amount: Int) {
            self = .sides(top: amount, bottom: amount, left: amount, right: amount)
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
    package func outputShape(input: Shape, weight: Shape) -> Shape {
        precondition(input.rank == 4 && weight.rank == 4, "convolution of \(input) with \(weight)")
        precondition(
            input[1] == weight[1] * groups && weight[0] % groups == 0,
            "convolution of \(input) with weights \(weight) in \(groups) groups")
        let sides = sides(input: input, weight: weight)
        let rows = input[2] + sides.top + sides.bottom - weight[2]
        let columns = input[3] + sides.left + sides.right - weight[3]
        precondition(rows >= 0 && columns >= 0, "input \(input) is smaller than the kernel \(weight)")
        return [input[0], weight[0], rows / stride + 1, columns / stride + 1]
    }

    /// The zeros on each side of an input.
    package func sides(input: Shape, weight: Shape) -> (top: Int, bottom: Int, left: Int, right: Int) {
        switch padding {
        case .sides(let top, let bottom, let left, let right): return (top, bottom, left, right)
        case .same:
            let rows = missing(input[2], kernel: weight[2])
            let columns = missing(input[3], kernel: weight[3])
            return (rows / 2, rows - rows / 2, columns / 2, columns - columns / 2)
        }
    }

    /// Zeros that an extent lacks for `⌈extent / stride⌉` applications of the kernel.
    private func missing(_ extent: Int, kernel: Int) -> Int {
        max((extent + stride - 1) / stride * stride - stride + kernel - extent, 0)
    }

    /// Extents of the weights as oneDNN names them: groups are a dimension of their own.
    func weightExtents(_ weight: Shape) -> [Int] {
        groups == 1 ? weight.dimensions : [groups, weight[0] / groups] + weight.dimensions.dropFirst()
    }
}
