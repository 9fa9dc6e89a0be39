/// What the first bytes of a JPEG or PNG file say of its picture, without decoding it.
public struct PhotographHeader: Sendable, Equatable {
    /// The format, by content.
    public let format: PhotographFormat
    /// Height and width as they are stored, before the orientation is applied.
    public let size: ImageSize
    /// How the picture is to be turned by its EXIF data; `upright` where there are none, or damaged ones.
    public let orientation: ImageOrientation
    /// Values of a pixel in the file: 1 grey, 2 grey and alpha, 3 color, 4 color and alpha or CMYK. A palette's
    /// indices count as 3.
    public let channels: Int
    /// Whether a PNG comes in seven passes over the whole picture.
    let isInterlaced: Bool

    /// The most pixels that a picture may have, as in Pillow.
    public static let maxPixels = 178_956_970

    /// The most bytes that a file may have, whatever its picture.
    static let maxFileBytes = 1 << 30

    /// Bytes that a file may hold beside its pixels, such as a short video that a telephone appended.
    private static let maxOtherBytes = 64 << 20

    /// Reads the header of a file: a few kilobytes.
    ///
    /// - Throws: `DataError` of kind `format` where it is no JPEG or PNG, with what it is instead; where it is
    ///   truncated or damaged within the header; where the picture is larger than `maxPixels`, or the file too
    ///   short to hold it. `inputOutput` or `unsupported` where it cannot be read.
    public init(contentsOf path: String) throws(DataError) { try self.init(FilePart(RegularFile(path))) }

    /// Reads the header of an open file, or of a part of one.
    init(_ file: FilePart) throws(DataError) {
        var window = FileWindow(file)
        switch FileContent(start: try window.available(at: 0, FileContent.startBytes)) {
        case .photograph(.jpeg): self = try JPEGHeader.read(&window)
        case .photograph(.png): self = try PNGHeader.read(&window)
        case .other("empty"):
            throw DataError(.format, path: file.path, "is empty; expected JPEG or PNG; copy the file again")
        case .other(let word):
            throw DataError(
                .format, path: file.path,
                "is \(word), not JPEG or PNG; convert it to one of them, or take it out of the data")
        }
        let most = min(Self.maxFileBytes, Self.maxOtherBytes + 16 * size.height * size.width)
        guard window.count <= most else {
            throw DataError(
                .format, path: file.path,
                "has \(window.count) bytes for a picture of \(size) pixels; expected at most \(most)")
        }
    }

    /// A header with a size that was checked.
    init(
        format: PhotographFormat, size: ImageSize, orientation: ImageOrientation, channels: Int,
        isInterlaced: Bool = false
    ) {
        (self.format, self.size, self.orientation) = (format, size, orientation)
        (self.channels, self.isInterlaced) = (channels, isInterlaced)
    }

    /// The size of the decoded picture.
    public func size(appliesOrientation: Bool) -> ImageSize {
        appliesOrientation ? orientation.turned(size) : size
    }

    /// Checks a size that a file announces.
    static func checked(height: Int, width: Int, _ path: String) throws(DataError) -> ImageSize {
        guard height >= 1, width >= 1 else {
            throw DataError(
                .format, path: path,
                "announces \(height) × \(width) pixels; expected at least 1 × 1; copy the file again")
        }
        // Both have at most 32 bits.
        let (pixels, overflows) = height.multipliedReportingOverflow(by: width)
        guard !overflows, pixels <= maxPixels else {
            throw DataError(
                .format, path: path,
                "announces \(height) × \(width) pixels; at most \(maxPixels) are read; make it smaller")
        }
        return ImageSize(height: height, width: width)
    }

    /// A file that ends too early.
    static func truncated(_ format: PhotographFormat, _ path: String, _ found: String) -> DataError {
        DataError(.format, path: path, "is a truncated \(format): \(found); copy the file again")
    }

    /// A file whose contents make no sense.
    static func damaged(_ format: PhotographFormat, _ path: String, _ found: String) -> DataError {
        DataError(.format, path: path, "is a damaged \(format): \(found); copy the file again")
    }
}
