/// The gradient of the weights of a convolution in pieces of work: tiles of its elements times slices of the positions
/// that each sums over.
struct WeightGradientPieces<Tile: Sendable>: Sendable {
    /// Positions are cut into slices where there are fewer pieces than this. It does not depend on the threads, so that no
    /// bit does.
    private static var enoughPieces: Int { 32 }

    /// One tile over one slice.
    struct Piece {
        let tile: Tile
        let chunks: Range<Int>
        /// Where the sums go, in the order of `dw`.
        let target: UnsafeMutablePointer<Float>
    }

    private let tiles: [Tile]
    private let chunkCount: Int
    private let slices: Int

    /// - Parameters:
    ///   - tiles: Parts of the gradient that share no element.
    ///   - chunkCount: Into how many parts the positions are divided at most.
    ///   - fewestChunks: No slice has fewer of them: its sums are written and read once more.
    init(tiles: [Tile], chunkCount: Int, fewestChunks: Int = 4) {
        (self.tiles, self.chunkCount) = (tiles, chunkCount)
        let wanted = (Self.enoughPieces + tiles.count - 1) / tiles.count
        slices = max(min(wanted, chunkCount / fewestChunks), 1)
    }

    /// Each element is summed over a slice by one thread, and over slices in their order.
    ///
    /// - Parameters:
    ///   - dw: The gradient, in row-major order.
    ///   - positions: Products of one element, of all samples.
    ///   - body: Computes some pieces, one after the other, on one thread.
    func run(
        _ dw: Tensor, positions: Int, _ body: (LazyMapSequence<Range<Int>, Piece>) -> Void
    ) {
        let count = dw.count
        let partial = Storage(count: (slices - 1) * count)
        let (partials, result) = (partial.pointer(to: Float.self), dw.pointer)
        let pieces = slices * tiles.count
        parallelRanges(pieces, weight: max(positions * count / pieces, 1)) { range in
            body(
                range.lazy.map { piece in
                    let (slice, tile) = (piece / tiles.count, tiles[piece % tiles.count])
                    return Piece(
                        tile: tile, chunks: chunkCount * slice / slices..<chunkCount * (slice + 1) / slices,
                        target: slice == 0 ? result : partials + (slice - 1) * count)
                })
        }
        Self.add(partials, slices: slices - 1, count: count, to: result)
        withExtendedLifetime((dw, partial)) {}
    }

    /// Adds the sums of some slices, `count` each, to those in `result` in their order.
    private static func add(
        _ partials: UnsafePointer<Float>, slices: Int, count: Int, to result: UnsafeMutablePointer<Float>
    ) {
        guard slices > 0 else { return }
        parallelRanges(count, weight: slices + 1) { range in
            for slice in 0..<slices {
                let addends = partials + slice * count
                for index in range { result[index] += addends[index] }
            }
        }
    }
}
