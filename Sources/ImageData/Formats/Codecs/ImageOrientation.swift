/// How a stored picture is turned to be looked at: EXIF's tag 274.
///
/// Its eight values are a swap of rows and columns, or not, and then mirrorings of what came of it.
public enum ImageOrientation: Int, Sendable, CaseIterable {
    /// As it is stored.
    case upright = 1
    /// Left and right are swapped.
    case mirrored = 2
    /// Turned by 180°.
    case upsideDown = 3
    /// Top and bottom are swapped.
    case flipped = 4
    /// Rows are columns.
    case transposed = 5
    /// To be turned clockwise by 90°.
    case quarterTurn = 6
    /// Rows are columns, from the last to the first.
    case transverse = 7
    /// To be turned counterclockwise by 90°.
    case quarterTurnBack = 8

    /// Whether stored rows become columns.
    var swapsSides: Bool { rawValue >= 5 }
    /// Whether the turned rows come from the last to the first.
    var mirrorsRows: Bool { [.upsideDown, .flipped, .transverse, .quarterTurnBack].contains(self) }
    /// Whether the turned columns come from the last to the first.
    var mirrorsColumns: Bool { [.mirrored, .upsideDown, .quarterTurn, .transverse].contains(self) }

    /// The size after turning; also the size before, of a size after.
    public func turned(_ size: ImageSize) -> ImageSize {
        swapsSides ? ImageSize(height: size.width, width: size.height) : size
    }

    /// Where a part of the turned picture lies in the stored one.
    ///
    /// - Parameters:
    ///   - region: The part, within the turned picture.
    ///   - size: The size of the stored picture.
    func stored(_ region: PixelRegion, in size: ImageSize) -> PixelRegion {
        let size = turned(size)
        let top = mirrorsRows ? size.height - region.rows.upperBound : region.top
        let left = mirrorsColumns ? size.width - region.columns.upperBound : region.left
        return PixelRegion(
            top: swapsSides ? left : top, left: swapsSides ? top : left, size: turned(region.size))
    }
}

extension ImageOrientation {
    /// Looks for the orientation in a TIFF structure, as EXIF is.
    ///
    /// - Parameter bytes: The structure, from its byte order on. Nothing outside is looked at.
    /// - Returns: Nil where it is absent or makes no sense, as in many files that cameras and programs wrote.
    init?(exif bytes: [UInt8]) {
        let isLittle: Bool
        switch bytes.prefix(4) {
        case [0x49, 0x49, 0x2A, 0x00]: isLittle = true
        case [0x4D, 0x4D, 0x00, 0x2A]: isLittle = false
        default: return nil
        }
        func number(at offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - count else { return nil }
            let digits = bytes[offset..<offset + count]
            return (isLittle ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(at: 4, 4), let entries = number(at: directory, 2) else { return nil }
        for entry in 0..<entries {
            let offset = directory + 2 + 12 * entry
            guard let tag = number(at: offset, 2), let type = number(at: offset + 2, 2) else { return nil }
            guard tag == 274 else { continue }
            // A SHORT as it should be, or the LONG that some programs write.
            guard type == 3 || type == 4, let value = number(at: offset + 8, type == 3 ? 2 : 4) else {
                return nil
            }
            self.init(rawValue: value)
            return
        }
        return nil
    }
}
