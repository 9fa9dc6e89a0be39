internal import CZlib

/// Reads the chunks of a PNG file (ISO/IEC 15948) up to its first pixels.
enum PNGHeader {
    /// Chunks that are looked at before a file is given up.
    private static let maxChunks = 4096
    /// More is no orientation.
    private static let maxOrientationBytes = 1 << 16
    /// As libpng by itself: its buffers hold whole rows.
    private static let maxSide = 1_000_000

    /// The header of a file that begins as PNG does.
    static func read(_ window: inout FileWindow) throws(DataError) -> PhotographHeader {
        let head = try bytes(&window, 8, 25)
        guard head.starts(with: [0, 0, 0, 13] + Array("IHDR".utf8)) else {
            throw PhotographHeader.damaged(.png, window.path, "it does not begin with IHDR")
        }
        let sum = head[4..<21].withContiguousStorageIfAvailable { crc32(0, $0.baseAddress, 17) }
        guard sum.map({ Int($0) }) == number(head[21...]) else {
            throw PhotographHeader.damaged(.png, window.path, "the checksum of its header is wrong")
        }
        let size = try PhotographHeader.checked(
            height: number(head[12...]), width: number(head[8...]), window.path)
        guard max(size.height, size.width) <= maxSide else {
            throw DataError(
                .format, path: window.path,
                "announces \(size) pixels; a side may have at most \(maxSide); make it smaller")
        }
        let (bits, color) = (Int(head[16]), Int(head[17]))
        guard let values = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][color], [1, 2, 4, 8, 16].contains(bits) else {
            throw PhotographHeader.damaged(.png, window.path, "\(bits) bits of color type \(color)")
        }
        // Deflate makes at most 1032 bytes of one.
        guard size.height * (1 + size.width * bits * values / 8) <= 1032 * window.count else {
            throw PhotographHeader.truncated(
                .png, window.path, "\(window.count) bytes cannot hold \(size) pixels")
        }
        return PhotographHeader(
            format: .png, size: size, orientation: try orientation(&window) ?? .upright,
            channels: color == 3 ? 3 : values, isInterlaced: head[20] != 0)
    }

    /// The orientation of a chunk eXIf before the pixels.
    private static func orientation(_ window: inout FileWindow) throws(DataError) -> ImageOrientation? {
        var offset = 8
        for _ in 0..<maxChunks {
            let head = try bytes(&window, offset, 8)
            let count = number(head[...])
            switch String(decoding: head[4...], as: UTF8.self) {
            case "IDAT", "IEND": return nil
            case "eXIf":
                return ImageOrientation(
                    exif: try bytes(&window, offset + 8, min(count, maxOrientationBytes)))
            default: offset += 12 + count
            }
        }
        throw PhotographHeader.damaged(.png, window.path, "\(maxChunks) chunks come before the pixels")
    }

    private static func bytes(
        _ window: inout FileWindow, _ offset: Int, _ count: Int
    ) throws(DataError) -> [UInt8] {
        guard let bytes = try window.bytes(at: offset, count) else {
            throw PhotographHeader.truncated(
                .png, window.path, "it ends after \(window.count) bytes, before the pixels")
        }
        return bytes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }
}
