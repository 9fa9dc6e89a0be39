/// Reads the markers of a JPEG file (ITU-T T.81, annex B) up to its first scan.
///
/// Bytes between two markers are skipped, as libjpeg does.
struct JPEGHeader {
    private var window: FileWindow
    private var offset = 2
    private var frame: Frame?
    private var orientation: ImageOrientation?

    /// What a start of frame says.
    private struct Frame {
        let size: ImageSize
        let channels: Int
    }

    /// Markers, and bytes between them, that are looked at before a file is given up.
    private static let (maxMarkers, maxSkippedBytes) = (4096, 1 << 16)

    /// Pixels of a file that is coded arithmetically in less than a bit a block.
    private static let maxSparsePixels = 1 << 24

    /// The header of a file that begins as JPEG does.
    static func read(_ window: inout FileWindow) throws(DataError) -> PhotographHeader {
        var header = JPEGHeader(window: window)
        for _ in 0..<maxMarkers {
            if let frame = try header.step() {
                return PhotographHeader(
                    format: .jpeg, size: frame.size, orientation: header.orientation ?? .upright,
                    channels: frame.channels)
            }
        }
        throw PhotographHeader.damaged(.jpeg, window.path, "\(maxMarkers) markers come before a picture")
    }

    private init(window: FileWindow) { self.window = window }

    /// Reads one marker, and gives the frame where a scan begins.
    private mutating func step() throws(DataError) -> Frame? {
        let marker = try nextMarker()
        switch marker {
        case 0x01, 0xD0...0xD7: return nil
        case 0xD8, 0xD9: throw damaged("a second picture begins, or the file ends, before the pixels")
        default: break
        }
        let count = Int(try bytes(offset, 2)[0]) << 8 | Int(try bytes(offset, 2)[1])
        guard count >= 2 else { throw damaged("marker \(marker) has a length of \(count) bytes") }
        switch marker {
        case 0xC0, 0xC1, 0xC2, 0xC9, 0xCA:
            guard frame == nil else { throw damaged("the size is announced twice") }
            frame = try readFrame(marker, count)
        case 0xC3, 0xC5...0xC7, 0xCB, 0xCD...0xCF:
            throw DataError(
                .format, path: window.path,
                "is a lossless or hierarchical JPEG, which libjpeg-turbo cannot decode; convert it")
        case 0xDA:
            guard let frame else { throw damaged("the pixels begin before their size is announced") }
            return frame
        case 0xE1: if orientation == nil { orientation = try readOrientation(count) }
        default: break
        }
        offset += count
        return nil
    }

    private mutating func nextMarker() throws(DataError) -> UInt8 {
        let last = offset + Self.maxSkippedBytes
        var previous: UInt8 = 0
        while offset < last {
            let next = try window.available(at: offset, 256)
            guard !next.isEmpty else { throw truncated() }
            for byte in next {
                offset += 1
                if previous == 0xFF && byte != 0xFF && byte != 0 { return byte }
                previous = byte
            }
        }
        throw damaged("no marker is found in \(Self.maxSkippedBytes) bytes")
    }

    private mutating func readFrame(_ marker: UInt8, _ count: Int) throws(DataError) -> Frame {
        let head = try bytes(offset + 2, 6)
        let (bits, channels) = (Int(head[0]), Int(head[5]))
        let (height, width) = (Int(head[1]) << 8 | Int(head[2]), Int(head[3]) << 8 | Int(head[4]))
        guard count == 8 + 3 * channels else { throw damaged("the lengths of its frame disagree") }
        guard bits == 8 else {
            throw DataError(
                .format, path: window.path, "is a JPEG of \(bits) bits; 8 can be decoded; convert it")
        }
        guard [1, 3, 4].contains(channels) else {
            throw DataError(
                .format, path: window.path,
                "is a JPEG of \(channels) components; expected 1 (grey), 3 (color) or 4 (CMYK); convert it")
        }
        let size = try PhotographHeader.checked(height: height, width: width, window.path)
        let components = try bytes(offset + 8, 3 * channels)
        try checkLength(
            marker, size, sampling: (0..<channels).map { Int(components[3 * $0 + 1]) })
        return Frame(size: size, channels: channels)
    }

    /// Refuses a file that cannot hold its picture, so that the few bytes of a forged header cost no memory: each
    /// 8 × 8 block of the component with the most blocks has at least one bit. Coded arithmetically it may have hardly
    /// any, so of such files those that do not have a bit a block are read up to a moderate size.
    private func checkLength(_ marker: UInt8, _ size: ImageSize, sampling: [Int]) throws(DataError) {
        let factors = sampling.map { (across: $0 >> 4, down: $0 & 15) }
        guard factors.allSatisfy({ (1...4).contains($0.across) && (1...4).contains($0.down) }) else {
            throw damaged("its sampling factors are not 1 to 4")
        }
        let across = factors.map(\.across).max() ?? 1
        let down = factors.map(\.down).max() ?? 1
        let blocks = factors.map { factor -> Int in
            (factor.across * size.width / (8 * across)) * (factor.down * size.height / (8 * down))
        }
        let isSmallArithmetic = marker >= 0xC9 && size.height * size.width <= Self.maxSparsePixels
        guard isSmallArithmetic || window.count >= (blocks.max() ?? 0) / 8 else {
            throw PhotographHeader.truncated(
                .jpeg, window.path, "\(window.count) bytes cannot hold \(size) pixels")
        }
    }

    private mutating func readOrientation(_ count: Int) throws(DataError) -> ImageOrientation? {
        let start = Array("Exif\0\0".utf8)
        guard try window.available(at: offset + 2, min(start.count, count - 2)).elementsEqual(start) else {
            return nil
        }
        return ImageOrientation(exif: try bytes(offset + 2 + start.count, count - 2 - start.count))
    }

    private mutating func bytes(_ offset: Int, _ count: Int) throws(DataError) -> [UInt8] {
        guard let bytes = try window.bytes(at: offset, count) else { throw truncated() }
        return bytes
    }

    private func truncated() -> DataError {
        PhotographHeader.truncated(
            .jpeg, window.path, "it ends after \(window.count) bytes, before the pixels")
    }

    private func damaged(_ found: String) -> DataError {
        PhotographHeader.damaged(.jpeg, window.path, found)
    }
}
