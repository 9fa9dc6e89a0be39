internal import COneDNN
internal import CVectors

/// A convolution of 3×3 of bfloat16 numbers, or the gradient of its input, by Winograd's F(4×4, 3×3) (`WinogradChoice`
/// names the paper) with AVX512-BF16, for blocks of sixteen channels.
///
/// Tiles, weights and sums are of 32 bits between an input and an output of bfloat16, so the result is that of exact
/// products to 1e-6 before it is rounded. The processor multiplies 32-bit floats at half the speed of bfloat16, but a
/// quarter of the products is left. Some tiles at a time are transformed, multiplied and transformed back, in the second
/// cache. The bits of an output depend on neither threads nor the number of samples.
struct NarrowWinograd: Sendable {
    /// Which of the two maps is computed.
    enum Pass { case output, inputGradient }

    private static let kernel = 3
    /// Channels are computed in pairs of blocks.
    private static let pair = 32
    /// Inputs and outputs of a tile's side.
    private static let side = 4
    private static let products = 36
    /// Rows of tiles that are multiplied before the next ones.
    private static let rowsAtOnce = 2
    /// With fewer positions of all samples, or fewer for each channel, the transformed weights take longer to write and
    /// read than the products that they save.
    private static let fewestPositions = 1568
    private static let fewestPositionsOfChannel = 16

    private let pass: Pass
    /// The map that is read, `[N, C, H, W]`, and channels of the one that is written.
    private let input: Shape
    private let channels: Int

    /// Nil for any other convolution, and where oneDNN has something as fast or the processor no AVX512-BF16.
    init?(_ pass: Pass, _ key: ConvolutionKernels.Key, layouts: (Layout, Layout), _ type: ElementType) {
        #if arch(x86_64)
            let (outputs, inputs) = (key.weight[0], key.weight[1])
            let positions = key.input[0] * key.input[2] * key.input[3]
            // With AMX oneDNN multiplies matrices.
            guard Engine.multipliesBFloat16, !Engine.computes(with: dnnl_cpu_isa_avx512_core_amx),
                type == .bfloat16, key.outputType == .bfloat16, layouts == (.blocked(16), .blocked(16)),
                !key.hasBias, key.settings.groups == 1, key.settings.stride == 1,
                key.weight[2] == Self.kernel, key.weight[3] == Self.kernel,
                key.settings.sides(input: key.input, weight: key.weight) == (1, 1, 1, 1),
                outputs % Self.pair == 0, inputs % Self.pair == 0, positions >= Self.fewestPositions,
                positions >= Self.fewestPositionsOfChannel * max(outputs, inputs)
            else { return nil }
            self.pass = pass
            (input, channels) =
                pass == .output
                ? (key.input, outputs)
                : ([key.input[0], outputs, key.input[2], key.input[3]], inputs)
        #else
            return nil
        #endif
    }

    /// Computes a map.
    ///
    /// - Parameters:
    ///   - x: The input of the convolution, or the gradient of its output.
    ///   - weight: `[O, I, 3, 3]` in row-major order, 32-bit floats that are rounded to bfloat16.
    ///   - y: What is written.
    func run(_ x: Tensor, _ weight: Tensor, _ y: Tensor) {
        #if arch(x86_64)
            let transformed = transform(weight)
            let weights = transformed.pointer(to: Float.self)
            let (from, to) = (x.pointer(to: BFloat16.self), y.pointer(to: BFloat16.self))
            let tilesOfSample =
                (input[2] + Self.side - 1) / Self.side * ((input[3] + Self.side - 1) / Self.side)
            let (count, row) = (input[0] * tilesOfSample, cvectors_winograd_row)
            let shape = cvectors_winograd(
                input_blocks: input[1] / 16, output_blocks: channels / 16, rows: input[2], columns: input[3],
                tiles: count)
            let rows = (count + row - 1) / row
            let groups = (rows + Self.rowsAtOnce - 1) / Self.rowsAtOnce
            let room = Self.products * Self.rowsAtOnce * row
            let work = room * input[1] * channels
            parallelRanges(groups, weight: work) { range in
                let tileStorage = Storage(
                    count: room * input[1] + Self.products * cvectors_winograd_gap)
                let sumStorage = Storage(count: room * Self.pair)
                for group in range {
                    let first = rows * group / groups * row
                    let last = min(rows * (group + 1) / groups * row, count)
                    withUnsafePointer(to: shape) { shape in
                        cvectors_winograd_convolve(
                            shape, from, weights, to, first, last - first,
                            tileStorage.pointer(to: Float.self), sumStorage.pointer(to: Float.self))
                    }
                }
                withExtendedLifetime((tileStorage, sumStorage)) {}
            }
            withExtendedLifetime((x, transformed, y)) {}
        #endif
    }

    #if arch(x86_64)
        /// The weights of each pair of blocks of the map that is written: 36 times channels that are read times 32, with
        /// gaps.
        private func transform(_ weight: Tensor) -> Storage {
            let taps = Self.kernel * Self.kernel
            let pairCount = Self.products * (input[1] * Self.pair + cvectors_winograd_gap)
            let storage = Storage(count: channels / Self.pair * pairCount)
            let (from, to) = (weight.pointer, storage.pointer(to: Float.self))
            let rowOfWeights = weight.shape[1] * taps
            let isGradient = pass == .inputGradient
            let (lane, step) = isGradient ? (taps, rowOfWeights) : (rowOfWeights, taps)
            parallelRanges(channels / Self.pair, weight: Self.products * input[1] * Self.pair) { range in
                for pair in range {
                    cvectors_winograd_weights(
                        from + pair * Self.pair * lane, lane, step, isGradient ? 1 : 0, input[1],
                        to + pair * pairCount)
                }
            }
            withExtendedLifetime(weight) {}
            return storage
        }
    #endif
}
