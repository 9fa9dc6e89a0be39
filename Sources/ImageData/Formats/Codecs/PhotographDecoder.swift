/// Decodes JPEG and PNG files, by content, to 8-bit red, green and blue, as Pillow's `convert("RGB")` does.
///
/// Grey becomes three equal values; CMYK is taken for inverted, as Adobe writes it; alpha is dropped without
/// blending, and transparent entries of a palette keep their color; of 16 bits the upper 8 are kept. Color
/// profiles and gamma play no part. Any number of threads may decode at once.
public enum PhotographDecoder {
    /// Decodes a file, or a part of it.
    ///
    /// A part costs less than the picture, and has the pixels that the picture has there. What comes after its last
    /// row is not looked at: a file that is truncated further down passes. Of the whole picture, everything up to
    /// the end mark is verified.
    ///
    /// With `request.smallestSize` a JPEG may be decoded at M/8 of its size; each edge of the part is then rounded to
    /// the nearest pixel of the smaller picture, and the picture's own edges stay its edges.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - request: The part. Places and sizes are those of the turned picture, if it is turned.
    ///   - appliesOrientation: Whether the picture is turned as its EXIF data say.
    ///   - image: A buffer, which takes the size of the part and 3 channels. After an error its pixels are arbitrary.
    /// - Throws: `DataError` as `PhotographHeader` does; of kind `format` where the pixels are truncated or damaged,
    ///   or the part does not lie within the picture.
    public static func decode(
        _ path: String, _ request: PixelRequest = .all, appliesOrientation: Bool, into image: inout PixelImage
    ) throws(DataError) {
        try decode(
            FilePart(RegularFile(path)), request, appliesOrientation: appliesOrientation, into: &image)
    }

    /// Decodes an open file, or a part of one.
    static func decode(
        _ file: FilePart, _ request: PixelRequest, appliesOrientation: Bool, into image: inout PixelImage
    ) throws(DataError) {
        let path = file.path
        let header = try PhotographHeader(file)
        let orientation = appliesOrientation ? header.orientation : .upright
        let size = orientation.turned(header.size)
        let region = request.region ?? PixelRegion(all: size)
        guard region.rows.upperBound <= size.height, region.columns.upperBound <= size.width else {
            throw DataError(
                .format, path: path,
                "has \(size) pixels, of which \(region) is wanted; was the file changed while it was used?")
        }
        var part = DecodedPart(orientation.stored(region, in: header.size), of: header.size)
        if header.format == .jpeg, let smallest = request.smallestSize {
            part = part.reduced(toAtLeast: orientation.turned(smallest))
        }
        let bytes = try file.read()
        image.reshape(orientation.turned(part.region.size), channels: 3)
        try image.withMutablePixels { (pixels) throws(DataError) in
            try pixels.withUnsafeMutableBufferPointer { (pixels) throws(DataError) in
                switch header.format {
                case .jpeg: try JPEGDecoder.decode(bytes, header, part, orientation, into: pixels, path)
                case .png: try PNGDecoder.decode(bytes, header, part, orientation, into: pixels, path)
                }
            }
        }
    }
}

/// The part of a stored picture that is decoded, and at which scale.
struct DecodedPart: Equatable {
    /// The part, in the picture as it is stored, at full scale.
    let original: PixelRegion
    /// The size of that picture.
    let originalSize: ImageSize
    /// The scale in eighths.
    let eighths: Int

    /// A part at full scale.
    init(_ region: PixelRegion, of size: ImageSize, eighths: Int = 8) {
        (original, originalSize, self.eighths) = (region, size, eighths)
    }

    /// Whether it is the whole picture.
    var isWhole: Bool { original.size == originalSize }

    /// The size of the picture at that scale, as libjpeg rounds it: up.
    var size: ImageSize {
        ImageSize(
            height: scaled(originalSize.height, adding: 7), width: scaled(originalSize.width, adding: 7))
    }

    /// The part in the picture at that scale: each edge at the nearest pixel, those of the picture at its edges.
    var region: PixelRegion {
        let size = size
        let rows = range(original.rows, of: originalSize.height, scaledTo: size.height)
        let columns = range(original.columns, of: originalSize.width, scaledTo: size.width)
        return PixelRegion(
            top: rows.lowerBound, left: columns.lowerBound,
            size: ImageSize(height: rows.count, width: columns.count))
    }

    /// The same part at the smallest scale that is worth it and leaves no side below `smallest`.
    func reduced(toAtLeast smallest: ImageSize) -> DecodedPart {
        for eighths in Self.reducedScales {
            let part = DecodedPart(original, of: originalSize, eighths: eighths)
            let size = part.region.size
            if size.height >= smallest.height && size.width >= smallest.width { return part }
        }
        return self
    }

    /// Scales at which libjpeg-turbo is faster than at full scale.
    private static let reducedScales = [1, 2, 4]

    private func range(_ range: Range<Int>, of length: Int, scaledTo limit: Int) -> Range<Int> {
        let first = min(scaled(range.lowerBound, adding: 4), limit - 1)
        let last = range.upperBound == length ? limit : min(scaled(range.upperBound, adding: 4), limit)
        return first..<max(first + 1, last)
    }

    private func scaled(_ length: Int, adding: Int) -> Int { (length * eighths + adding) / 8 }
}
