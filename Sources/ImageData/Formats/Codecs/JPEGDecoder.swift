internal import CTurboJPEG

/// Decodes JPEG by libjpeg-turbo with its defaults, which are Pillow's: exact inverse transform, smooth upsampling.
package enum JPEGDecoder {
    /// Scans that a file may have: progressive files of programs have about ten, forged ones take for ever. Each goes
    /// over the whole picture, so large ones may have fewer.
    package static func maxScans(_ size: ImageSize) -> Int {
        min(100, max(20, (1 << 31) / (size.height * size.width)))
    }

    /// Rows and columns around a part that are decoded too, since the pixels at an edge of what libjpeg decodes
    /// depend on it: colors are interpolated between neighbors.
    private static let margin = 2

    /// Decodes a part into `target`.
    ///
    /// - Parameter bytes: The file.
    static func decode(
        _ bytes: [UInt8], _ header: PhotographHeader, _ part: DecodedPart, _ orientation: ImageOrientation,
        into target: UnsafeMutableBufferPointer<UInt8>, _ path: String
    ) throws(DataError) {
        let region = part.region
        let top = max(region.top - margin, 0)
        let left = max(region.left - margin, 0)
        let right = min(region.columns.upperBound + margin, part.size.width)
        let channels = header.channels == 4 ? 4 : 3
        var sink = RowSink(
            region, orientation: orientation, channels: channels, firstRow: top, into: target)
        var request = cturbojpeg_request()
        (request.width, request.height) = (UInt32(header.size.width), UInt32(header.size.height))
        request.memory = 64 << 20 + 8 * header.size.height * header.size.width
        request.scans = Int32(maxScans(header.size))
        request.channels = Int32(channels)
        request.eighths = UInt32(part.eighths)
        (request.left, request.columns) = (UInt32(left), UInt32(right - left))
        (request.skipped, request.rows) = (UInt32(top), UInt32(region.rows.upperBound - top))
        request.finishes = part.isWhole ? 1 : 0
        request.take = RowSink.takeRow
        let (code, message) = run(&request, bytes, &sink)
        guard code != 0 else { return }
        throw failure(code, message, bytes.count, header.size, path)
    }

    /// Decodes, and gives libjpeg's code, 0 where all went well, and message.
    private static func run(
        _ request: inout cturbojpeg_request, _ bytes: [UInt8], _ sink: inout RowSink
    ) -> (code: Int32, message: String) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(JMSG_LENGTH_MAX)) { message in
            message.initialize(repeating: 0)
            return bytes.withUnsafeBufferPointer { bytes in
                withUnsafeMutablePointer(to: &sink) { sink in
                    (request.bytes, request.count) = (bytes.baseAddress, UInt(bytes.count))
                    (request.context, request.message) = (UnsafeMutableRawPointer(sink), message.baseAddress)
                    let code = cturbojpeg_decode(&request)
                    return (code, message.baseAddress.map { String(cString: $0) } ?? "")
                }
            }
        }
    }

    private static func failure(
        _ code: Int32, _ message: String, _ count: Int, _ size: ImageSize, _ path: String
    ) -> DataError {
        switch code {
        case Int32(JWRN_JPEG_EOF.rawValue):
            PhotographHeader.truncated(.jpeg, path, "it ends after \(count) bytes, before the picture does")
        case CTURBOJPEG_OTHER_SIZE:
            DataError(
                .format, path: path, "was changed while it was read; start again when it stays the same")
        case CTURBOJPEG_MANY_SCANS:
            DataError(.format, path: path, "has more than \(maxScans(size)) scans; save it again as JPEG")
        default: PhotographHeader.damaged(.jpeg, path, message)
        }
    }
}
