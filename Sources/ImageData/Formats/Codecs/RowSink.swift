/// Takes the decoded rows of a picture one by one and stores the wanted part of them, turned, as red, green, blue.
struct RowSink {
    /// Where the first pixel of the stored part goes.
    private let first: UnsafeMutablePointer<UInt8>
    /// Values from a pixel to the one below it, and to the one right of it, in the stored picture.
    private let rowStep: Int
    private let columnStep: Int
    /// The part of the decoded, not yet turned, picture that is wanted.
    private let part: PixelRegion
    /// Values of a decoded pixel: 3, or 4 for inverted cyan, magenta, yellow and black.
    private let channels: Int
    /// The row that comes next.
    private var row: Int

    /// A sink that writes to `target`, which has room for the part, or it traps.
    ///
    /// - Parameters:
    ///   - part: The part of the decoded picture.
    ///   - channels: Values of a decoded pixel: 3, or 4 for inverted cyan, magenta, yellow and black.
    ///   - firstRow: The first row that comes, above the part or at its top.
    init(
        _ part: PixelRegion, orientation: ImageOrientation, channels: Int = 3, firstRow: Int = 0,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) {
        let size = orientation.turned(part.size)
        guard let base = target.baseAddress, target.count == 3 * size.height * size.width else {
            preconditionFailure("\(target.count) values for \(size) pixels")
        }
        let down = (orientation.mirrorsRows ? -3 : 3) * size.width
        let right = orientation.mirrorsColumns ? -3 : 3
        first =
            base + (orientation.mirrorsRows ? 3 * size.width * (size.height - 1) : 0)
            + (orientation.mirrorsColumns ? 3 * (size.width - 1) : 0)
        (rowStep, columnStep) = orientation.swapsSides ? (right, down) : (down, right)
        (self.part, self.channels, row) = (part, channels, firstRow)
    }

    /// Takes the next row, which begins at column `left` of the decoded picture and has at least the part's.
    mutating func take(_ values: UnsafePointer<UInt8>, left: Int, columns: Int) {
        precondition(
            left <= part.left && part.columns.upperBound <= left + columns,
            "columns \(left) to \(left + columns) for a part with \(part.columns)")
        defer { row += 1 }
        guard part.rows.contains(row) else { return }
        var source = values + channels * (part.left - left)
        var target = first + (row - part.top) * rowStep
        if channels == 4 {
            for _ in 0..<part.size.width {
                Self.convertInvertedCMYK(source, target)
                source += 4
                target += columnStep
            }
        } else if columnStep == 3 {
            target.update(from: source, count: 3 * part.size.width)
        } else {
            for _ in 0..<part.size.width {
                target.update(from: source, count: 3)
                source += 3
                target += columnStep
            }
        }
    }

    /// What libjpeg and libpng call with each row; `context` points to a sink.
    static let takeRow:
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, UInt32, UInt32
        ) -> Void = { context, row, left, columns in
            guard let context, let row else { return }
            context.assumingMemoryBound(to: RowSink.self).pointee.take(
                row, left: Int(left), columns: Int(columns))
        }

    /// Red is what cyan and black leave, rounded as Pillow does; so are green and blue.
    ///
    /// Like Pillow, all files are taken for inverted (Adobe's convention): a value v stands for 255 - v of ink.
    private static func convertInvertedCMYK(
        _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>
    ) {
        let light = Int(source[3])
        for channel in 0..<3 {
            let product = (255 - Int(source[channel])) * light + 128
            target[channel] = UInt8(light - ((product >> 8) + product) >> 8)
        }
    }
}
