/// Buffers that transforms use again for every image, one set a thread.
public struct TransformScratch: Sendable {
    /// An image with arbitrary contents, for a transform that does not work in place: it writes its result there and
    /// swaps the two.
    public var image = PixelImage()
    /// How the columns of an image are resized.
    var columns = ResamplingTable()
    /// How its rows are resized.
    var rows = ResamplingTable()
    /// An image whose columns are resized and whose rows are not.
    var halfway: [UInt8] = []
    /// A row of pixels that may be read a byte beyond its end.
    var paddedRow: [UInt8] = []

    /// Buffers that grow with their first images.
    public init() {}
}
