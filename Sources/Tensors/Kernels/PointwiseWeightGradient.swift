internal import COneDNN
internal import CVectors

/// The gradient of the weights of a 1×1 convolution of bfloat16 numbers with AVX512-BF16, for input and output in blocks
/// of sixteen channels: `dw[o, i] = Σ dy[n, o, h, w] · x[n, i, h · stride, w · stride]`, a product of matrices.
///
/// `x` is `[N, I, H, W]`, `dy` is `[N, O, H', W']` and `dw` is `[O, I]`; products are summed in 32 bits. The processor
/// adds the products of two positions at once. Of one map, the factors, some positions are copied in pairs, of which one
/// number after the other is multiplied with whole blocks of the other, the columns; these are put into pairs on their
/// way into registers. oneDNN 2.6 copies both, and waits for memory meanwhile: it reaches a sixth to four fifths of what
/// the processor can multiply, this up to nine tenths.
struct PointwiseWeightGradient: OwnPass {
    private static let block = 16
    /// Channels of the factors in one call.
    private static let group = 8
    /// Pairs of positions that are multiplied before the next ones: the fastest cache holds two blocks of columns
    /// beside those of the factors.
    private static let longestChunk = 100
    /// Blocks of the factors and of the columns whose sums are one piece of work, which stays in the second cache.
    private static let factorBlocks = 4
    private static let columnBlocks = 16

    /// With fewer positions of all samples, clearing and writing the sums takes so much of the time that oneDNN is about
    /// as fast. With a stride, copying the input takes some more of it.
    private static let fewestPositions = 256
    private static let fewestStridedPositions = 768

    /// One of the two maps.
    private struct Map {
        let channels: Int
        /// Positions in memory.
        let positions: Int
        var blocks: Int { (channels + block - 1) / block }
        /// From a block to the next one, and from a sample to the next one.
        var blockStride: Int { positions * block }
        var sampleStride: Int { blocks * blockStride }
    }

    /// What is multiplied at once: some positions of one sample, or all of some samples.
    private struct Chunk {
        let samples: Range<Int>
        let first: Int
        let positions: Int
        var pairs: Int { (positions + 1) / 2 }
    }

    /// Some blocks of the factors and of the columns.
    private struct Tile {
        let factors: Range<Int>
        let columns: Range<Int>
    }

    private let samples: Int
    private let output: Shape
    private let stride: Int
    private let inputColumns: Int
    /// Whether the factors are the input and the columns the gradient of the output, or the other way round.
    private let factorsAreInput: Bool
    private let factors: Map
    private let columns: Map
    private let chunks: [Chunk]
    private let pieces: WeightGradientPieces<Tile>

    /// Nil for any other convolution, and where oneDNN has something faster or the processor no AVX512-BF16.
    init?(_ key: ConvolutionKernels.Key, layouts: (Layout, Layout), _ type: ElementType, output: Shape) {
        #if arch(x86_64)
            let sides = key.settings.sides(input: key.input, weight: key.weight)
            let (positions, input) = (output[2] * output[3], key.input)
            let fewest = key.settings.stride == 1 ? Self.fewestPositions : Self.fewestStridedPositions
            // With AMX oneDNN multiplies matrices. A single position has no neighbour to pair with.
            guard Engine.multipliesBFloat16, !Engine.computes(with: dnnl_cpu_isa_avx512_core_amx),
                type == .bfloat16, layouts == (.blocked(Self.block), .blocked(Self.block)), !key.hasBias,
                key.settings.groups == 1, key.weight[2] == 1, key.weight[3] == 1, sides == (0, 0, 0, 0),
                positions > 1, input[0] * positions >= fewest
            else { return nil }
            (samples, self.output, stride) = (input[0], output, key.settings.stride)
            inputColumns = input[3]
            let (x, dy) = (
                Map(channels: input[1], positions: input[2] * input[3]),
                Map(channels: output[1], positions: positions)
            )
            // The smaller map is copied. With a stride that is the input, whose positions lie apart.
            factorsAreInput = stride > 1 || x.blocks < dy.blocks
            (factors, columns) = factorsAreInput ? (x, dy) : (dy, x)
            // Sums of one block of columns would wait for each other.
            guard columns.blocks > 1 else { return nil }
            chunks = Self.chunks(samples: samples, positions: positions)
            let across = Self.parts(columns.blocks, atMost: Self.columnBlocks)
            let tiles = Self.parts(factors.blocks, atMost: Self.factorBlocks).flatMap { rows in
                across.map { Tile(factors: rows, columns: $0) }
            }
            pieces = WeightGradientPieces(tiles: tiles, chunkCount: chunks.count)
        #else
            return nil
        #endif
    }

    private static func chunks(samples: Int, positions: Int) -> [Chunk] {
        let pairs = (positions + 1) / 2
        if pairs > longestChunk {
            let ranges = parts(pairs, atMost: longestChunk)
            return (0..<samples).flatMap { sample in
                ranges.map { range in
                    Chunk(
                        samples: sample..<sample + 1, first: 2 * range.lowerBound,
                        positions: min(2 * range.upperBound, positions) - 2 * range.lowerBound)
                }
            }
        }
        return parts(samples, atMost: longestChunk / pairs).map {
            Chunk(samples: $0, first: 0, positions: positions)
        }
    }

    func run(_ x: Tensor, _ dy: Tensor, _ dw: Tensor) {
        #if arch(x86_64)
            let (input, slopes) = (x.pointer(to: BFloat16.self), dy.pointer(to: BFloat16.self))
            let (left, right) = factorsAreInput ? (input, slopes) : (slopes, input)
            pieces.run(dw, positions: samples * output[2] * output[3]) { pieces in
                let pairStorage = Storage(
                    count: Self.factorBlocks * Self.longestChunk * Self.block)
                let sumStorage = Storage(
                    count: Self.factorBlocks * Self.columnBlocks * Self.block * Self.block)
                let pairs = pairStorage.pointer(to: Float.self)
                let sums = sumStorage.pointer(to: Float.self)
                for piece in pieces {
                    sum(piece.tile, piece.chunks, left, right, pairs: pairs, sums: sums)
                    write(piece.tile, sums, to: piece.target)
                }
                withExtendedLifetime((pairStorage, sumStorage)) {}
            }
            withExtendedLifetime((x, dy)) {}
        #endif
    }

    #if arch(x86_64)
        /// Sums of one tile over some chunks, a row for each channel of the factors.
        private func sum(
            _ tile: Tile, _ range: Range<Int>, _ left: UnsafePointer<BFloat16>,
            _ right: UnsafePointer<BFloat16>, pairs: UnsafeMutablePointer<Float>,
            sums: UnsafeMutablePointer<Float>
        ) {
            let row = tile.columns.count * Self.block
            sums.update(repeating: 0, count: tile.factors.count * Self.block * row)
            // Padding after the last channel needs no sums.
            let channels = min(
                tile.factors.count * Self.block, factors.channels - tile.factors.lowerBound * Self.block)
            for index in range {
                let chunk = chunks[index]
                copy(chunk, tile.factors, left, to: pairs)
                let next = index + 1 < range.upperBound ? chunks[index + 1] : nil
                var call = 0
                var column = 0
                while column < tile.columns.count {
                    // Two blocks a call; three where one would be left over.
                    let blocks = tile.columns.count - column == 3 ? 3 : 2
                    let values =
                        right + chunk.samples.lowerBound * columns.sampleStride
                        + (tile.columns.lowerBound + column) * columns.blockStride + chunk.first * Self.block
                    for channel in Swift.stride(from: 0, to: channels, by: Self.group) {
                        let (place, lane) = (channel / Self.block, channel % Self.block)
                        let from = pairs + place * chunk.samples.count * chunk.pairs * Self.block + lane
                        let ahead = next.flatMap { address(call, of: $0, tile, left, right) }
                        cvectors_add_pair_products(
                            from, values, blocks, columns.blockStride, chunk.samples.count,
                            columns.sampleStride, chunk.positions,
                            sums + channel * row + column * Self.block, row,
                            ahead ?? UnsafeRawPointer(pairs))
                        call += 1
                    }
                    column += blocks
                }
            }
        }

        /// Copies a chunk of some blocks of the factors, a block after the other.
        private func copy(
            _ chunk: Chunk, _ blocks: Range<Int>, _ left: UnsafePointer<BFloat16>,
            to pairs: UnsafeMutablePointer<Float>
        ) {
            var to = pairs
            for block in blocks {
                for sample in chunk.samples {
                    let from = left + sample * factors.sampleStride + block * factors.blockStride
                    if stride == 1 {
                        cvectors_pair_positions(from + chunk.first * Self.block, chunk.positions, to)
                    } else {
                        cvectors_pair_strided_positions(
                            from, inputColumns, stride, output[3], chunk.first, chunk.positions, to)
                    }
                    to += chunk.pairs * Self.block
                }
            }
        }

        /// What a call asks for while it multiplies: one block of one sample of the chunk that follows; nil if all of
        /// that is on its way. Positions that lie apart are left to the processor.
        private func address(
            _ call: Int, of chunk: Chunk, _ tile: Tile, _ left: UnsafePointer<BFloat16>,
            _ right: UnsafePointer<BFloat16>
        ) -> UnsafeRawPointer? {
            let (block, sample) = (
                call / chunk.samples.count, chunk.samples.lowerBound + call % chunk.samples.count
            )
            let factorBlocks = stride == 1 ? tile.factors.count : 0
            if block < factorBlocks {
                return UnsafeRawPointer(
                    left + sample * factors.sampleStride
                        + (tile.factors.lowerBound + block) * factors.blockStride + chunk.first * Self.block)
            }
            guard block - factorBlocks < tile.columns.count else { return nil }
            return UnsafeRawPointer(
                right + sample * columns.sampleStride
                    + (tile.columns.lowerBound + block - factorBlocks) * columns.blockStride
                    + chunk.first * Self.block)
        }

        /// Puts the sums of a tile where they belong in `dw`.
        private func write(
            _ tile: Tile, _ sums: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
        ) {
            let row = tile.columns.count * Self.block
            let (firstFactor, firstColumn) = (
                tile.factors.lowerBound * Self.block, tile.columns.lowerBound * Self.block
            )
            let rows = min(tile.factors.count * Self.block, factors.channels - firstFactor)
            let count = min(row, columns.channels - firstColumn)
            guard factorsAreInput else {
                for channel in 0..<rows {
                    let to = target + (firstFactor + channel) * columns.channels + firstColumn
                    to.update(from: sums + channel * row, count: count)
                }
                return
            }
            for output in Swift.stride(from: 0, to: count, by: Self.block) {
                for input in Swift.stride(from: 0, to: rows, by: Self.block) {
                    cvectors_transpose(
                        sums + input * row + output, row,
                        target + (firstColumn + output) * factors.channels + firstFactor + input,
                        factors.channels, min(Self.block, count - output), min(Self.block, rows - input))
                }
            }
        }
    #endif
}
