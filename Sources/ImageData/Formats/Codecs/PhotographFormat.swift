/// A format of photographs that can be decoded.
public enum PhotographFormat: String, Sendable, CaseIterable, CustomStringConvertible {
    /// JPEG: baseline, progressive or arithmetic-coded, of 8 bits; grey, color, CMYK or YCCK.
    case jpeg = "JPEG"
    /// PNG of any kind.
    case png = "PNG"

    /// Its name.
    public var description: String { rawValue }
}

/// What a file is by its first bytes, whatever its name says.
enum FileContent: Equatable {
    /// A photograph.
    case photograph(PhotographFormat)
    /// Something else, in words that follow "is".
    case other(String)

    /// Bytes that tell.
    static let startBytes = 512

    /// - Parameter start: The first `startBytes` bytes of a file, or all of them.
    init(start: ArraySlice<UInt8>) {
        if start.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .photograph(.jpeg)
        } else if start.starts(with: Self.pngSignature) {
            self = .photograph(.png)
        } else {
            self = .other(Self.word(for: start))
        }
    }

    /// The first eight bytes of every PNG file.
    static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private static func word(for start: ArraySlice<UInt8>) -> String {
        if start.isEmpty { return "empty" }
        for (magic, word) in signatures where start.starts(with: magic) { return word }
        if start.starts(with: "RIFF".utf8) && start.dropFirst(8).starts(with: "WEBP".utf8) { return "a WebP" }
        if start.dropFirst(4).starts(with: "ftyp".utf8) { return brandWord(start.dropFirst(8).prefix(4)) }
        if start.allSatisfy({ $0 == 0 }) { return "zero bytes" }
        if let word = textWord(start) { return word }
        return "of unknown bytes (\(start.prefix(8).map(Self.hexadecimal).joined(separator: " ")))"
    }

    private static let signatures: [([UInt8], String)] = [
        (Array("GIF8".utf8), "a GIF"),
        (Array("BM".utf8), "a BMP"),
        ([0x49, 0x49, 0x2A, 0x00], "a TIFF"),
        ([0x4D, 0x4D, 0x00, 0x2A], "a TIFF"),
        (Array("%PDF".utf8), "a PDF"),
        (Array("8BPS".utf8), "a Photoshop file"),
        ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20], "a JPEG 2000 file"),
        ([0x00, 0x00, 0x00, 0x0C, 0x4A, 0x58, 0x4C, 0x20], "a JPEG XL file"),
        ([0xFF, 0x0A], "a JPEG XL file"),
        ([0x00, 0x05, 0x16, 0x07], "an AppleDouble file (what macOS keeps beside a file)"),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "Windows' Thumbs.db or an Office document"),
        ([0x1F, 0x8B], "a gzip file"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip file"),
        (Array("version https://git-lfs".utf8), "a pointer of Git LFS (get the files with git lfs pull)"),
        ([0x89, 0x50, 0x4E, 0x47], "a PNG whose line ends were changed"),
    ]

    /// What a file of the ISO base media format holds, by its major brand.
    private static func brandWord(_ brand: ArraySlice<UInt8>) -> String {
        switch String(decoding: brand, as: UTF8.self) {
        case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs": "a HEIC"
        case "mif1", "mif2", "msf1": "a HEIF"
        case "avif", "avis": "an AVIF"
        default: "a video or another file of the MP4 family"
        }
    }

    /// A word for text; nil where there are bytes that text has not.
    private static func textWord(_ start: ArraySlice<UInt8>) -> String? {
        let bytes = start.starts(with: [0xEF, 0xBB, 0xBF]) ? start.dropFirst(3) : start
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }),
            isUTF8(bytes)
        else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        let content = text.drop { $0.isWhitespace }
        guard content.hasPrefix("<") else { return "text" }
        if content.contains("<svg") { return "an SVG" }
        return content.hasPrefix("<!doctype html") || content.contains("<html") ? "an HTML page" : "XML"
    }

    /// Whether bytes are UTF-8; a last character may be cut.
    private static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
        (0..<4).contains { String(validating: bytes.dropLast($0), as: UTF8.self) != nil }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
