internal import CVectors

/// The gradient of the weights of a convolution of 3×3 by Winograd's algorithm (`Winograd`).
///
/// It is the transpose of the convolution: transformed inputs times transformed gradients of the outputs, summed over
/// tiles in 36 sums of each pair of channels, which nine elements of the gradient are made of. The sums of some channels
/// of the input and of the output stay in the second cache, and some tiles at a time are transformed and multiplied.
struct WinogradWeightGradient: OwnPass {
    /// Channels of the input and of the output whose sums are one piece of work.
    private static let channelsAtOnce = 64
    /// Tiles that are transformed and multiplied before the next ones.
    private static let tilesAtOnce = 28
    /// No slice of the tiles is shorter, as its sums are transformed and added to those of the other slices.
    private static let fewestChunks = 14
    /// With fewer tiles the sums take longer to transform than the products that are saved.
    private static let fewestTiles = 64

    private let convolution: Winograd
    private let pieces: WeightGradientPieces<Tile>
    private let chunkCount: Int

    /// Blocks of channels of the input and of the output.
    private struct Tile {
        let inputs: Range<Int>
        let outputs: Range<Int>
    }

    /// Nil for any other convolution, and where something else is as fast.
    init?(_ key: ConvolutionKernels.Key, layouts: (Layout, Layout), _ type: ElementType) {
        guard !key.hasBias, let convolution = Winograd(key, layouts: layouts, type),
            convolution.tiles >= Self.fewestTiles
        else { return nil }
        self.convolution = convolution
        chunkCount = (convolution.tiles + Self.tilesAtOnce - 1) / Self.tilesAtOnce
        // Blocks of the output are multiplied in pairs.
        let pair = 2 * convolution.block
        let across = Self.parts(convolution.outputs / pair, atMost: Self.channelsAtOnce / pair)
        let along = Self.parts(
            convolution.input[1] / convolution.block, atMost: Self.channelsAtOnce / convolution.block)
        let tiles = across.flatMap { pairs in
            along.map { Tile(inputs: $0, outputs: 2 * pairs.lowerBound..<2 * pairs.upperBound) }
        }
        pieces = WeightGradientPieces(tiles: tiles, chunkCount: chunkCount, fewestChunks: Self.fewestChunks)
    }

    func run(_ x: Tensor, _ dy: Tensor, _ dw: Tensor) {
        #if arch(x86_64)
            let (values, slopes) = (UnsafeRawPointer(x.memory), UnsafeRawPointer(dy.memory))
            let shape = convolution.shape(inputs: convolution.input[1], outputs: convolution.outputs)
            let (channels, gaps) = (Self.channelsAtOnce, Winograd.products * Winograd.gap)
            let tileCount = Winograd.products * Self.tilesAtOnce * channels + gaps
            pieces.run(dw, positions: convolution.positions) { pieces in
                let storage = Storage(
                    count: 2 * tileCount + Winograd.products * channels * channels + gaps)
                let tiles = storage.pointer(to: Float.self)
                let sums = tiles + 2 * tileCount
                for piece in pieces {
                    withUnsafePointer(to: shape) { shape in
                        add(piece, shape, values, slopes, tiles, tiles + tileCount, to: sums)
                    }
                }
                withExtendedLifetime(storage) {}
            }
            withExtendedLifetime((x, dy)) {}
        #endif
    }

    #if arch(x86_64)
        /// Sums a piece of work, and writes the part of the gradient that it makes.
        private func add(
            _ piece: WeightGradientPieces<Tile>.Piece, _ shape: UnsafePointer<cvectors_winograd>,
            _ x: UnsafeRawPointer, _ dy: UnsafeRawPointer, _ tiles: UnsafeMutablePointer<Float>,
            _ slopes: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>
        ) {
            var part = cvectors_winograd_part(
                first_input: piece.tile.inputs.lowerBound, inputs: piece.tile.inputs.count,
                first_output: piece.tile.outputs.lowerBound, outputs: piece.tile.outputs.count)
            for chunk in piece.chunks {
                let first = convolution.tiles * chunk / chunkCount
                let next = convolution.tiles * (chunk + 1) / chunkCount
                cvectors_winograd_add(
                    Engine.vectors, shape, &part, x, dy, first, next - first, tiles, slopes, sums,
                    chunk == piece.chunks.lowerBound ? 1 : 0)
            }
            cvectors_winograd_write(Engine.vectors, shape, &part, sums, piece.target)
        }
    #endif
}
