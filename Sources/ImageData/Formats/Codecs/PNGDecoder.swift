internal import CPNG

/// Decodes PNG by libpng.
enum PNGDecoder {
    /// Decodes a part into `target`.
    ///
    /// - Parameter bytes: The file.
    static func decode(
        _ bytes: [UInt8], _ header: PhotographHeader, _ part: DecodedPart, _ orientation: ImageOrientation,
        into target: UnsafeMutableBufferPointer<UInt8>, _ path: String
    ) throws(DataError) {
        var sink = RowSink(part.region, orientation: orientation, into: target)
        let rowBytes = 3 * header.size.width
        var rows = [UInt8](repeating: 0, count: rowBytes * (header.isInterlaced ? header.size.height : 1))
        var request = cpng_request()
        (request.width, request.height) = (UInt32(header.size.width), UInt32(header.size.height))
        request.rows = UInt32(part.region.rows.upperBound)
        request.step = header.isInterlaced ? rowBytes : 0
        request.finishes = part.isWhole ? 1 : 0
        request.take = RowSink.takeRow
        guard let message = run(&request, bytes, &rows, &sink) else { return }
        if request.is_truncated != 0 {
            throw PhotographHeader.truncated(
                .png, path, "it ends after \(bytes.count) bytes, before the picture does")
        }
        throw PhotographHeader.damaged(.png, path, message)
    }

    /// Decodes, and gives libpng's message where something went wrong.
    private static func run(
        _ request: inout cpng_request, _ bytes: [UInt8], _ rows: inout [UInt8], _ sink: inout RowSink
    ) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CPNG_MESSAGE_BYTES)) { message in
            message.initialize(repeating: 0)
            return bytes.withUnsafeBufferPointer { bytes in
                rows.withUnsafeMutableBufferPointer { rows in
                    withUnsafeMutablePointer(to: &sink) { sink in
                        (request.bytes, request.count) = (bytes.baseAddress, bytes.count)
                        (request.buffer, request.message) = (rows.baseAddress, message.baseAddress)
                        request.context = UnsafeMutableRawPointer(sink)
                        guard cpng_decode(&request) != 0 else { return nil }
                        return message.baseAddress.map { String(cString: $0) } ?? ""
                    }
                }
            }
        }
    }
}
