internal import CVectors

/// The gradient of the weights of a depthwise convolution whose kernel has five columns, for blocked input and
/// output: `dw[c, i, j] = Σ dy[n, c, h, w] · x[n, c, h · stride + i − top, w · stride + j − left]`.
///
/// oneDNN 2.6 has kernels for three columns at most; what it falls back to takes about five times as long.
struct DepthwiseWeightGradient: OwnPass {
    /// Columns of the kernels that this computes: the sums of a row stay in registers.
    private static let columns = 5

    private let input: Shape
    private let output: Shape
    private let rows: Int
    private let stride: Int
    private let sides: (top: Int, bottom: Int, left: Int, right: Int)
    private let block: Int

    /// Nil for any other convolution.
    init?(_ key: ConvolutionKernels.Key, layouts: (Layout, Layout), output: Shape) {
        guard case .blocked(let block) = layouts.0, layouts.1 == layouts.0, !key.hasBias,
            key.settings.groups == key.input[1], key.weight[0] == key.input[1],
            key.weight[3] == Self.columns
        else { return nil }
        (input, self.output, self.block) = (key.input, output, block)
        (rows, stride) = (key.weight[2], key.settings.stride)
        sides = key.settings.sides(input: key.input, weight: key.weight)
    }

    /// Each element is summed over a sample in 32 bits and over samples in 64.
    func run(_ x: Tensor, _ dy: Tensor, _ dw: Tensor) {
        switch x.elementType {
        case .float32: run(x, dy, dw, Float.self)
        case .bfloat16: run(x, dy, dw, BFloat16.self)
        }
        withExtendedLifetime((x, dy, dw)) {}
    }

    private func run<Element: StoredElement>(_ x: Tensor, _ dy: Tensor, _ dw: Tensor, _ type: Element.Type) {
        let blocks = (input[1] + block - 1) / block
        parallelRanges(blocks, weight: output[0] * output[2] * output[3] * block) { range in
            let frame = PaddedFrame(input, sides: sides, block: block)
            for index in range {
                sum(ofBlock: index, x.pointer(to: type), dy.pointer(to: type), dw.pointer, frame)
            }
        }
    }

    /// The gradients of one block of channels.
    private func sum<Element: StoredElement>(
        ofBlock index: Int, _ x: UnsafePointer<Element>, _ dy: UnsafePointer<Element>,
        _ dw: UnsafeMutablePointer<Float>, _ frame: PaddedFrame
    ) {
        let blocks = (input[1] + block - 1) / block
        let (inputStride, outputStride) = (input[2] * input[3] * block, output[2] * output[3] * block)
        let count = rows * Self.columns
        let storage = Storage(count: 2 * count * block)
        let totals = storage.memory.bindMemory(to: Double.self, capacity: count * block)
        totals.update(repeating: 0, count: count * block)
        for sample in 0..<input[0] {
            let start = sample * blocks + index
            frame.fill(from: x + start * inputStride)
            let slopes = dy + start * outputStride
            for row in 0..<rows {
                cvectors_add_five_columns(
                    Engine.vectors, Int32(block), Element.isNarrow, frame.elements + row * frame.rowCount,
                    stride * frame.rowCount, stride * block, slopes, output[2], output[3],
                    totals + row * Self.columns * block)
            }
        }
        for lane in 0..<min(block, input[1] - index * block) {
            for place in 0..<count {
                dw[(index * block + lane) * count + place] = Float(totals[place * block + lane])
            }
        }
        withExtendedLifetime(storage) {}
    }
}
