internal import CVectors

/// One block of channels of one sample, widened, with the zeros around it, so that no border needs care.
struct PaddedFrame {
    private let storage: Storage
    /// Floats in a row.
    let rowCount: Int
    private let inner: Int
    private let start: Int
    private let rows: Int
    /// Channels of a block.
    private let block: Int

    /// A frame for samples of an input `[N, C, H, W]` in blocks of channels.
    init(_ input: Shape, sides: (top: Int, bottom: Int, left: Int, right: Int), block: Int) {
        rowCount = (sides.left + input[3] + sides.right) * block
        (inner, rows, self.block) = (input[3] * block, input[2], block)
        start = sides.top * rowCount + sides.left * block
        let count = (sides.top + input[2] + sides.bottom) * rowCount
        storage = Storage(count: count)
        elements.update(repeating: 0, count: count)
    }

    /// The first number of the first row of zeros, or of the sample where there is none.
    var elements: UnsafeMutablePointer<Float> { storage.pointer(to: Float.self) }

    /// Copies a block of channels of a sample into the frame.
    func fill<Element: StoredElement>(from values: UnsafePointer<Element>) {
        for row in 0..<rows {
            cvectors_widen(
                Engine.vectors, Int32(block), Element.isNarrow, values + row * inner,
                elements + start + row * rowCount, inner)
        }
    }
}
