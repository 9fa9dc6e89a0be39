/// A decoded image: 8-bit values in the order `[H, W, C]`, row-major, grey (`C` = 1) or red, green, blue (3).
///
/// Workers use few of these again and again: what is decoded or transformed into one keeps its storage.
public struct PixelImage: Sendable, Equatable {
    /// Height and width.
    public private(set) var size: ImageSize
    /// Values of a pixel: 1 or 3.
    public private(set) var channels: Int
    /// `H · W · C` values.
    public private(set) var pixels: [UInt8]

    /// An image of the given values; `H · W · C` of them, or it traps.
    public init(size: ImageSize, channels: Int, pixels: [UInt8]) {
        precondition(channels == 1 || channels == 3, "\(channels) channels; expected 1 or 3")
        precondition(
            pixels.count == size.height * size.width * channels,
            "\(pixels.count) values for an image of \(size) with \(channels) channels")
        (self.size, self.channels, self.pixels) = (size, channels, pixels)
    }

    /// A buffer of one pixel, to be decoded into.
    public init() { self.init(size: ImageSize(height: 1, width: 1), channels: 1, pixels: [0]) }

    /// Gives the buffer another size. Its storage is kept where it is large enough; its values are arbitrary.
    public mutating func reshape(_ size: ImageSize, channels: Int) {
        precondition(channels == 1 || channels == 3, "\(channels) channels; expected 1 or 3")
        let count = size.height * size.width * channels
        if pixels.count > count {
            pixels.removeLast(pixels.count - count)
        } else if pixels.count < count {
            pixels.append(contentsOf: repeatElement(0, count: count - pixels.count))
        }
        (self.size, self.channels) = (size, channels)
    }

    /// Lets `body` write the `H · W · C` values in place.
    public mutating func withMutablePixels<Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var span = pixels.mutableSpan
        try body(&span)
    }
}
