internal import COneDNN
internal import CVectors

/// The gradient of the weights of a convolution of 3×3 with AVX2, for input and output in blocks of eight channels:
/// `dw[o, i, r, s] = Σ dy[n, o, h, w] · x[n, i, h · stride + r − top, w · stride + s − left]`.
///
/// The 24 numbers that three columns of a block of `x` hold lie next to each other. Six of them times sixteen channels
/// of `dy` are summed in registers, at nine tenths of what the processor can multiply; oneDNN 2.6 reaches seven tenths.
struct SquareWeightGradient: OwnPass {
    /// Rows and columns of the kernels that this computes.
    private static let kernel = 3
    private static let block = 8
    /// Channels of the output in one call: two blocks.
    private static let outputs = 2 * block
    /// Numbers of a row of the kernel for one block of the input.
    private static let taps = kernel * block
    /// Numbers that are multiplied in one call.
    private static let group = 6
    /// Sums of one block of the input and one call's channels of the output.
    private static let sumCount = kernel * taps * outputs
    /// What the processor's fastest cache holds, less what else is in it.
    private static let cachedBytes = 28 << 10
    /// So many products are added in 32 bits before their sum goes into one of 64.
    private static let longestSum = 1 << 10

    private let input: Shape
    private let output: Shape
    private let stride: Int
    private let sides: (top: Int, bottom: Int, left: Int, right: Int)

    /// Nil for any other convolution, and where oneDNN is faster or the processor has no AVX2.
    init?(_ key: ConvolutionKernels.Key, layouts: (Layout, Layout), _ type: ElementType, output: Shape) {
        #if arch(x86_64)
            guard Engine.nativeBlock == Self.block, Engine.computes(with: dnnl_cpu_isa_avx2),
                layouts == (.blocked(Self.block), .blocked(Self.block)), type == .float32, !key.hasBias,
                key.settings.groups == 1, key.weight[2] == Self.kernel, key.weight[3] == Self.kernel,
                key.input[1] % Self.block == 0, key.weight[0] % Self.outputs == 0
            else { return nil }
            (input, self.output, stride) = (key.input, output, key.settings.stride)
            sides = key.settings.sides(input: key.input, weight: key.weight)
        #else
            return nil
        #endif
    }

    /// Each element is summed by one thread, so its bits do not depend on how many there are.
    func run(_ x: Tensor, _ dy: Tensor, _ dw: Tensor) {
        let blocks = input[1] / Self.block
        let pairs = output[1] / Self.outputs
        let parts = min(pairs, (2 * ComputeThreads.count + blocks - 1) / blocks)
        parallelRanges(blocks * parts, weight: output.count * Self.taps / max(pairs, 1)) { range in
            let frame = PaddedFrame(input, sides: sides, block: Self.block)
            for part in range {
                let index = part % parts
                sum(
                    block: part / parts, pairs: pairs * index / parts..<pairs * (index + 1) / parts,
                    x.pointer, dy.pointer, dw.pointer, frame)
            }
        }
        withExtendedLifetime((x, dy, dw)) {}
    }

    /// The gradients of one block of channels of the input and some pairs of blocks of the output.
    private func sum(
        block: Int, pairs: Range<Int>, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        _ dw: UnsafeMutablePointer<Float>, _ frame: PaddedFrame
    ) {
        let count = pairs.count * Self.sumCount
        let (storage, wideStorage) = (Storage(count: count), Storage(count: 2 * count))
        let sums = storage.pointer(to: Float.self)
        let totals = wideStorage.memory.bindMemory(to: Double.self, capacity: count)
        sums.update(repeating: 0, count: count)
        totals.update(repeating: 0, count: count)
        let (blocks, positions) = (input[1] / Self.block, output[2] * output[3])
        var length = 0
        for sample in 0..<input[0] {
            frame.fill(from: x + (sample * blocks + block) * input[2] * input[3] * Self.block)
            for (place, pair) in pairs.enumerated() {
                let slopes = dy + (sample * output[1] + pair * Self.outputs) * positions
                add(slopes, frame, to: sums + place * Self.sumCount)
            }
            length += positions
            if length >= Self.longestSum || sample == input[0] - 1 {
                for index in 0..<count { totals[index] += Double(sums[index]) }
                sums.update(repeating: 0, count: count)
                length = 0
            }
        }
        for (place, pair) in pairs.enumerated() {
            write(totals + place * Self.sumCount, block: block, pair: pair, to: dw)
        }
        withExtendedLifetime((storage, wideStorage)) {}
    }

    /// Adds what one sample gives, some rows at a time, which stay in the fastest cache meanwhile.
    private func add(
        _ slopes: UnsafePointer<Float>, _ frame: PaddedFrame, to sums: UnsafeMutablePointer<Float>
    ) {
        #if arch(x86_64)
            let (rows, columns, width) = (output[2], output[3], MemoryLayout<Float>.stride)
            let rowBytes = (columns * Self.outputs + stride * frame.rowCount) * width
            let band = max((Self.cachedBytes - Self.kernel * frame.rowCount * width) / rowBytes, 1)
            for first in Swift.stride(from: 0, to: rows, by: band) {
                for row in 0..<Self.kernel {
                    let values = frame.elements + (first * stride + row) * frame.rowCount
                    for start in Swift.stride(from: 0, to: Self.taps, by: Self.group) {
                        cvectors_add_products(
                            values + start, stride * frame.rowCount, stride * Self.block,
                            slopes + first * columns * Self.block, rows * columns * Self.block,
                            min(band, rows - first), columns,
                            sums + (row * Self.taps + start) * Self.outputs)
                    }
                }
            }
        #endif
    }

    private func write(
        _ totals: UnsafePointer<Double>, block: Int, pair: Int, to dw: UnsafeMutablePointer<Float>
    ) {
        let count = Self.kernel * Self.kernel
        for lane in 0..<Self.outputs {
            for channel in 0..<Self.block {
                let to = dw + ((pair * Self.outputs + lane) * input[1] + block * Self.block + channel) * count
                for place in 0..<count {
                    to[place] = Float(totals[(place * Self.block + channel) * Self.outputs + lane])
                }
            }
        }
    }
}
