internal import COneDNN
internal import CVectors

/// The gradient of the weights of a 3×3 convolution of bfloat16 numbers with AVX512-BF16, for input and output in blocks
/// of sixteen channels:
/// `dw[o, i, r, s] = Σ dy[n, o, h, w] · x[n, i, h · stride + r − top, w · stride + s − left]`.
///
/// `x` is `[N, I, H, W]`, `dy` is `[N, O, H', W']` and `dw` is `[O, I, 3, 3]`; products are summed in 32 bits. The
/// processor adds two products at once: here those of one position of two samples. Pairs of neighbouring columns would
/// begin at odd and at even ones by turns, lie apart with a stride, and leave one over in rows of odd length; pairs of
/// samples serve all nine shifts from one copy of `x` with zeros around it. What is copied stays in the second cache and
/// is multiplied at up to nine tenths of what the processor can.
struct PairedSquareWeightGradient: OwnPass {
    /// Rows and columns of the kernels that this computes.
    private static let kernel = 3
    private static let block = 16
    /// Channels of the input and blocks of the output in one call.
    private static let group = 4
    private static let outputsAtOnce = 2
    /// Sums of one block of the input and one channel of the output.
    private static let taps = block * kernel * kernel
    /// Pairs of positions that are multiplied before the next ones, if a row has no more: so many of two blocks of the
    /// output and one of the input fill the fastest cache.
    private static let longestChunk = 120
    /// Blocks of the input and of the output whose sums are one piece of work, which stays in the second cache.
    private static let inputBlocks = 4
    private static let outputBlocks = 4

    /// With a stride oneDNN 2.6 reaches a third to two thirds of what the processor can multiply, so this is faster with
    /// few positions of all samples, and with one sample in six left without a second one. Without a stride
    /// oneDNN comes close where there are few positions.
    private static let fewestPositions = (plain: 256, strided: 96)
    private static let fewestOddSamples = (plain: 15, strided: 5)
    /// Without a stride, from this many columns and channels on both sides on, oneDNN reaches nine tenths as well.
    private static let slowColumns = 10
    private static let slowChannels = 128

    /// What is multiplied at once: some rows of the output of two samples, or all of some more samples.
    private struct Chunk {
        /// Each of two samples, of which the last one may be missing.
        let pairs: Range<Int>
        let rows: Range<Int>
    }

    /// Some blocks of the input and of the output.
    private struct Tile {
        let inputs: Range<Int>
        let outputs: Range<Int>
    }

    private let input: Shape
    private let output: Shape
    private let stride: Int
    private let top: Int
    private let left: Int
    private let chunks: [Chunk]
    private let pieces: WeightGradientPieces<Tile>

    /// Nil for any other convolution, and where oneDNN has something as fast or the processor no AVX512-BF16.
    init?(_ key: ConvolutionKernels.Key, layouts: (Layout, Layout), _ type: ElementType, output: Shape) {
        #if arch(x86_64)
            let (samples, channels) = (key.input[0], min(key.input[1], output[1]))
            let isStrided = key.settings.stride > 1
            let fewest = isStrided ? Self.fewestPositions.strided : Self.fewestPositions.plain
            let fewestOdd = isStrided ? Self.fewestOddSamples.strided : Self.fewestOddSamples.plain
            guard Engine.multipliesBFloat16Vectors, type == .bfloat16,
                layouts == (.blocked(Self.block), .blocked(Self.block)), !key.hasBias,
                key.settings.groups == 1, key.weight[2] == Self.kernel, key.weight[3] == Self.kernel,
                samples * output[2] * output[3] >= fewest, samples % 2 == 0 || samples >= fewestOdd,
                isStrided || output[3] < Self.slowColumns || channels < Self.slowChannels
            else { return nil }
            (input, self.output, stride) = (key.input, output, key.settings.stride)
            let sides = key.settings.sides(input: key.input, weight: key.weight)
            (top, left) = (sides.top, sides.left)
            chunks = Self.chunks(pairs: (samples + 1) / 2, rows: output[2], columns: output[3])
            let across = Self.parts(Self.blocks(output[1]), atMost: Self.outputBlocks)
            let along = Self.parts(Self.blocks(key.input[1]), atMost: Self.inputBlocks)
            let tiles = across.flatMap { outputs in along.map { Tile(inputs: $0, outputs: outputs) } }
            pieces = WeightGradientPieces(tiles: tiles, chunkCount: chunks.count)
        #else
            return nil
        #endif
    }

    private static func blocks(_ channels: Int) -> Int { (channels + block - 1) / block }

    private static func chunks(pairs: Int, rows: Int, columns: Int) -> [Chunk] {
        if rows * columns > longestChunk {
            let bands = parts(rows, atMost: max(longestChunk / columns, 1))
            return (0..<pairs).flatMap { pair in bands.map { Chunk(pairs: pair..<pair + 1, rows: $0) } }
        }
        return parts(pairs, atMost: longestChunk / (rows * columns)).map { Chunk(pairs: $0, rows: 0..<rows) }
    }

    func run(_ x: Tensor, _ dy: Tensor, _ dw: Tensor) {
        #if arch(x86_64)
            let (values, slopes) = (x.pointer(to: BFloat16.self), dy.pointer(to: BFloat16.self))
            let layouts = chunks.map(layout)
            let frameCount = layouts.map { $0.images * $0.image }.max() ?? 0
            let slopeCount = layouts.map(\.block).max() ?? 0
            pieces.run(dw, positions: input[0] * output[2] * output[3]) { pieces in
                let frameStorage = Storage(count: Self.inputBlocks * frameCount)
                let slopeStorage = Storage(count: Self.outputBlocks * slopeCount)
                let sumStorage = Storage(
                    count: Self.outputBlocks * Self.block * Self.inputBlocks * Self.taps)
                let frames = frameStorage.pointer(to: Float.self)
                let pairs = slopeStorage.pointer(to: Float.self)
                let sums = sumStorage.pointer(to: Float.self)
                for piece in pieces {
                    sum(piece.tile, piece.chunks, values, slopes, frames: frames, pairs: pairs, sums: sums)
                    write(piece.tile, sums, to: piece.target)
                }
                withExtendedLifetime((frameStorage, slopeStorage, sumStorage)) {}
            }
            withExtendedLifetime((x, dy)) {}
        #endif
    }

    #if arch(x86_64)
        /// Columns of the input that a row of the output reads, zeros included.
        private var frameColumns: Int { (output[3] - 1) * stride + Self.kernel }

        /// Rows of the input that a chunk reads of each sample, zeros included.
        private func frameRows(_ chunk: Chunk) -> Int { (chunk.rows.count - 1) * stride + Self.kernel }

        /// Where a chunk's pairs lie, in numbers of 32 bits.
        private func layout(_ chunk: Chunk) -> cvectors_square_chunk {
            let positions = chunk.rows.count * output[3]
            return cvectors_square_chunk(
                images: chunk.pairs.count, rows: chunk.rows.count, columns: output[3],
                image: frameRows(chunk) * frameColumns * Self.block, row: stride * frameColumns * Self.block,
                step: stride * Self.block, block: chunk.pairs.count * positions * Self.block)
        }

        /// Sums of one tile over some chunks: of each block of the output sixteen channels for each channel of the
        /// input, row and column of the kernel.
        private func sum(
            _ tile: Tile, _ range: Range<Int>, _ x: UnsafePointer<BFloat16>, _ dy: UnsafePointer<BFloat16>,
            frames: UnsafeMutablePointer<Float>, pairs: UnsafeMutablePointer<Float>,
            sums: UnsafeMutablePointer<Float>
        ) {
            let sumsOfBlock = tile.inputs.count * Self.taps * Self.block
            sums.update(repeating: 0, count: tile.outputs.count * sumsOfBlock)
            // Padding after the last channel needs no sums.
            let channels = min(tile.inputs.count * Self.block, input[1] - tile.inputs.lowerBound * Self.block)
            for index in range {
                let chunk = chunks[index]
                var layout = self.layout(chunk)
                copy(chunk, tile.outputs, dy, to: pairs)
                copyFrames(chunk, tile.inputs, x, to: frames)
                let next = index + 1 < range.upperBound ? chunks[index + 1] : nil
                var call = 0
                for first in Swift.stride(from: 0, to: tile.outputs.count, by: Self.outputsAtOnce) {
                    let blocks = min(Self.outputsAtOnce, tile.outputs.count - first)
                    for channel in Swift.stride(from: 0, to: channels, by: Self.group) {
                        let (place, lane) = (channel / Self.block, channel % Self.block)
                        let frame = frames + place * layout.images * layout.image + lane
                        for row in 0..<Self.kernel {
                            let ahead = next.flatMap { address(call, of: $0, tile, x, dy) }
                            cvectors_add_square_products(
                                frame + row * frameColumns * Self.block, pairs + first * layout.block, blocks,
                                &layout,
                                sums + first * sumsOfBlock
                                    + (channel * Self.kernel + row) * Self.kernel * Self.block,
                                sumsOfBlock, ahead ?? UnsafeRawPointer(pairs))
                            call += 1
                        }
                    }
                }
            }
        }

        /// Copies a chunk of some blocks of the gradient of the output, a block after the other.
        private func copy(
            _ chunk: Chunk, _ blocks: Range<Int>, _ dy: UnsafePointer<BFloat16>,
            to pairs: UnsafeMutablePointer<Float>
        ) {
            let positions = chunk.rows.count * output[3]
            var to = pairs
            for block in blocks {
                for pair in chunk.pairs {
                    let from = slopes(2 * pair, block, row: chunk.rows.lowerBound, dy)
                    let second =
                        2 * pair + 1 < output[0]
                        ? slopes(2 * pair + 1, block, row: chunk.rows.lowerBound, dy) : nil
                    cvectors_pair_samples(from, second, positions, to)
                    to += positions * Self.block
                }
            }
        }

        /// Copies what a chunk reads of some blocks of the input, with zeros where the kernel reaches beyond it.
        private func copyFrames(
            _ chunk: Chunk, _ blocks: Range<Int>, _ x: UnsafePointer<BFloat16>,
            to frames: UnsafeMutablePointer<Float>
        ) {
            let before = min(left, frameColumns)
            let count = max(min(input[3], frameColumns - before), 0)
            let after = frameColumns - before - count
            let first = chunk.rows.lowerBound * stride - top
            var to = frames
            for block in blocks {
                for pair in chunk.pairs {
                    for row in first..<first + frameRows(chunk) {
                        if 0..<input[2] ~= row {
                            let second =
                                2 * pair + 1 < input[0] ? values(2 * pair + 1, block, row: row, x) : nil
                            to.update(repeating: 0, count: before * Self.block)
                            cvectors_pair_samples(
                                values(2 * pair, block, row: row, x), second, count, to + before * Self.block)
                            (to + (before + count) * Self.block).update(
                                repeating: 0, count: after * Self.block)
                        } else {
                            to.update(repeating: 0, count: frameColumns * Self.block)
                        }
                        to += frameColumns * Self.block
                    }
                }
            }
        }

        private func values(
            _ sample: Int, _ block: Int, row: Int, _ x: UnsafePointer<BFloat16>
        ) -> UnsafePointer<BFloat16> {
            x + ((sample * Self.blocks(input[1]) + block) * input[2] + row) * input[3] * Self.block
        }

        private func slopes(
            _ sample: Int, _ block: Int, row: Int, _ dy: UnsafePointer<BFloat16>
        ) -> UnsafePointer<BFloat16> {
            dy + ((sample * Self.blocks(output[1]) + block) * output[2] + row) * output[3] * Self.block
        }

        /// What a call asks for while it multiplies: of the chunk that follows one block of one sample, or with a stride
        /// a part of it, as each call asks for as many times 64 bytes as it has positions; nil if all of that is on its
        /// way.
        private func address(
            _ call: Int, of chunk: Chunk, _ tile: Tile, _ x: UnsafePointer<BFloat16>,
            _ dy: UnsafePointer<BFloat16>
        ) -> UnsafeRawPointer? {
            let samples = 2 * chunk.pairs.lowerBound..<min(2 * chunk.pairs.upperBound, input[0])
            let calls = tile.outputs.count * samples.count
            if call < calls {
                let (block, sample) = (call / samples.count, call % samples.count)
                return UnsafeRawPointer(
                    slopes(
                        samples.lowerBound + sample, tile.outputs.lowerBound + block,
                        row: chunk.rows.lowerBound, dy))
            }
            // A line holds two positions of one sample.
            let perSample = (stride * stride + 2 * chunk.pairs.count - 1) / (2 * chunk.pairs.count)
            let (place, part) = ((call - calls) / perSample, (call - calls) % perSample)
            let (block, sample) = (place / samples.count, place % samples.count)
            guard block < tile.inputs.count else { return nil }
            let from = values(
                samples.lowerBound + sample, tile.inputs.lowerBound + block,
                row: max(chunk.rows.lowerBound * stride - top, 0), x)
            return UnsafeRawPointer(from) + part * chunk.pairs.count * chunk.rows.count * output[3] * 64
        }

        /// Puts the sums of a tile where they belong in `dw`.
        private func write(
            _ tile: Tile, _ sums: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
        ) {
            let tapsOfChannel = Self.kernel * Self.kernel
            let row = input[1] * tapsOfChannel
            let firstTap = tile.inputs.lowerBound * Self.taps
            let count = min(tile.inputs.count * Self.taps, row - firstTap)
            for (place, block) in tile.outputs.enumerated() {
                let from = sums + place * tile.inputs.count * Self.taps * Self.block
                let to = target + block * Self.block * row + firstTap
                let rows = min(Self.block, output[1] - block * Self.block)
                for tap in Swift.stride(from: 0, to: count, by: Self.block) {
                    cvectors_transpose(
                        from + tap * Self.block, Self.block, to + tap, row, rows, min(Self.block, count - tap)
                    )
                }
            }
        }
    #endif
}
