/// Sums of fixed pieces of `0 ..< count`, added in order, so that the result does not depend on threads.
func partialSums(_ count: Int, _ sum: (Range<Int>) -> Double) -> Double {
    let pieceSize = 1 << 14
    let pieces = (count + pieceSize - 1) / pieceSize
    let sums = [Double](unsafeUninitializedCapacity: pieces) { buffer, initializedCount in
        let results = buffer
        parallelRanges(pieces, weight: pieceSize) { range in
            for piece in range {
                results[piece] = sum(piece * pieceSize..<min((piece + 1) * pieceSize, count))
            }
        }
        initializedCount = pieces
    }
    return sums.reduce(0, +)
}
