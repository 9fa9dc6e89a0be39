internal import Foundation

/// A small JPEG that a record holds, looked at before it is shown: what a page embeds must be a picture and nothing else.
struct Thumbnail {
    /// The file in base64.
    let base64: String
    /// Pixels.
    let width: Int
    /// Pixels.
    let height: Int

    /// Characters that one may have: 96 by 96 pixels take some thousand.
    private static let longest = 32 << 10
    private static let largestSide = 512

    /// A picture; nil where the text is no base64 of a JPEG of a small size.
    init?(base64: String) {
        guard base64.utf8.count <= Self.longest, base64.utf8.count % 4 == 0,
            base64.utf8.allSatisfy(Self.isLetter), let bytes = Data(base64Encoded: base64),
            let size = Self.size(Array(bytes)),
            (1...Self.largestSide).contains(size.width), (1...Self.largestSide).contains(size.height)
        else { return nil }
        (self.base64, width, height) = (base64, size.width, size.height)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    /// Columns and rows, as the start of frame says (ITU-T T.81, B.2.2).
    private static func size(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        guard bytes.starts(with: [0xFF, 0xD8, 0xFF]) else { return nil }
        var place = 2
        while place + 9 <= bytes.count {
            guard bytes[place] == 0xFF else { return nil }
            let marker = bytes[place + 1]
            if [0xC0, 0xC1, 0xC2].contains(marker) {
                return (
                    Int(bytes[place + 7]) << 8 | Int(bytes[place + 8]),
                    Int(bytes[place + 5]) << 8 | Int(bytes[place + 6])
                )
            }
            let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            guard length >= 2 else { return nil }
            place += 2 + length
        }
        return nil
    }
}
